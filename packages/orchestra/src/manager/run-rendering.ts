import { randomUUID } from 'node:crypto'
import type { Timeouts } from '../config/backend.ts'
import type { OrchestraError } from '../errors.ts'
import { callProblem, usesCalls } from '../recording/calls.ts'
import { limitOf, patienceOf } from '../recording/patience.ts'
import { type PlannedScript, type RecordedOperation, recordScript } from '../recording/scripts.ts'
import { type RenderedScript, renderScript } from '../script/index.ts'
import { breakTogether, cutOff } from './circles.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import type { SentScript } from './journals.ts'
import type { RunContext } from './run-context.ts'

/** A script that is about to run. */
export interface RunRendering extends SentScript {
  recorded: readonly RecordedOperation[]
  rendered: RenderedScript
  timeouts: Timeouts
}

type Recorded = Omit<ReturnType<typeof recordScript>, 'operations'> & Pick<RunRendering, 'recorded'>

/** Records what a script's operations do, and renders it: of objects that swap names all, or none. */
export function renderRun(
  context: RunContext,
  claim: Claim,
  planned: PlannedScript<ClaimedOperation>,
): RunRendering {
  const runId = randomUUID()
  const { operations, ...hooks } = recordScript(planned, context.store.keyring)
  const render = (recorded: readonly RecordedOperation[]) =>
    renderRecorded(context, claim, planned, runId, { ...hooks, recorded })
  const all = render(operations)
  const problems = problemsOf(all).map(({ index }) => index)
  const apart = breakTogether(planned.operations, operations, problems)
  const sound = apart === operations ? all : render(apart)
  const cut = cutOff(planned.operations, sound.rendered)
  if (cut.size === 0) return sound
  const { rendered } = render(apart.filter(({ index }) => !cut.has(index)))
  return { ...sound, rendered: { ...rendered, left: [...rendered.left, ...cut] } }
}

function renderRecorded(
  { config, journals }: RunContext,
  claim: Claim,
  { backend }: PlannedScript<ClaimedOperation>,
  runId: string,
  { recorded, shared, ...hooks }: Recorded,
): RunRendering {
  const timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const isUnmarked = claim.unmarked.includes(backend.name)
  const forgets = journals.forgotten
  const rendered = renderScript({
    runId,
    backend: backend.name,
    server: claim.server.name,
    fence: claim.fence,
    operations: usesCalls(recorded) ? [] : recorded,
    patience: patienceOf(timeouts),
    limit: limitOf(timeouts),
    acknowledge: forgets,
    ...(backend.interpreter === undefined ? {} : { interpreter: backend.interpreter }),
    ...hooks,
    ...(shared === undefined ? {} : { shared: isUnmarked ? { ...shared, kind: 'trusted' } : shared }),
  })
  return { runId, forgets, recorded, rendered, timeouts }
}

/** Operations that cannot be part of it, with the reasons. */
export function problemsOf({
  recorded,
  rendered,
}: RunRendering): readonly { index: number; error: OrchestraError }[] {
  if (!usesCalls(recorded)) return rendered.failures
  return recorded.flatMap(({ index, recording }) => {
    const error = callProblem(recording)
    return error === undefined ? [] : [{ index, error }]
  })
}

/** What its output may show. */
export function secretsOf({ recorded, rendered }: RunRendering): { name: string; value: string }[] {
  // What a script does not hold it cannot print; functions, and methods that threw, have seen the object itself.
  const scripted = new Set(rendered.included)
  const seen = recorded.filter(({ index }) => !scripted.has(index))
  const secrets = [...rendered.secrets, ...seen.flatMap((operation) => operation.secrets)]
  return secrets.map((secret) => ({ name: secret.name, value: secret.reveal() }))
}

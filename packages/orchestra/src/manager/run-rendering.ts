import { randomUUID } from 'node:crypto'
import type { Timeouts } from '../config/backend.ts'
import type { OrchestraError } from '../errors.ts'
import { callProblem, usesCalls } from '../recording/calls.ts'
import { limitOf, patienceOf } from '../recording/patience.ts'
import { type PlannedScript, type RecordedOperation, recordScript } from '../recording/scripts.ts'
import { type RenderedScript, renderScript } from '../script/index.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import type { RunContext } from './run-context.ts'

/** A script that is about to run. */
export interface RunRendering {
  runId: string
  recorded: readonly RecordedOperation[]
  rendered: RenderedScript
  timeouts: Timeouts
}

/** Records what a script's operations do, and renders it. */
export function renderRun(
  { store, config, acknowledge }: RunContext,
  claim: Claim,
  planned: PlannedScript<ClaimedOperation>,
): RunRendering {
  const { backend } = planned
  const runId = randomUUID()
  const timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const { operations, shared, ...hooks } = recordScript(planned, store.keyring)
  const isUnmarked = claim.unmarked.includes(backend.name)
  const rendered = renderScript({
    runId,
    backend: backend.name,
    server: claim.server.name,
    fence: claim.fence,
    operations: usesCalls(operations) ? [] : operations,
    patience: patienceOf(timeouts),
    limit: limitOf(timeouts),
    acknowledge,
    ...(backend.interpreter === undefined ? {} : { interpreter: backend.interpreter }),
    ...hooks,
    ...(shared === undefined ? {} : { shared: isUnmarked ? { ...shared, kind: 'trusted' } : shared }),
  })
  return { runId, recorded: operations, rendered, timeouts }
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

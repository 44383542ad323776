import { randomUUID } from 'node:crypto'
import type { Backend, Timeouts } from '../../config/backend.ts'
import { createLog, createLogWriter, type EndState, type LogWriter } from '../../logs/index.ts'
import { persist } from '../../logs/persist.ts'
import { type ErrandReader, runErrand } from '../../methods/errand.ts'
import { limitOf, patienceOf } from '../../recording/patience.ts'
import type { Rendered, ScriptEvent } from '../../script/index.ts'
import type { SearchRequest, SearchScript } from '../../script/search.ts'
import { toTarget } from '../../server/index.ts'
import type { Claim } from '../claim.ts'
import { followOutput } from '../follow.ts'
import type { RunContext } from '../run-context.ts'
import type { StandingObject } from './standing.ts'

/** What is searched for the cause of: a check that fails. */
export interface Search {
  context: RunContext
  claim: Claim
  /** Whose check failed. */
  backend: Backend
  check: Rendered
}

/** Runs a script that no operation is in, with a log of its own; whether it came to its end. */
export async function runBeside(
  { context, claim, backend, check }: Search,
  standing: readonly StandingObject[],
  onEvent: (event: ScriptEvent) => void,
  render: (request: SearchRequest) => SearchScript,
): Promise<boolean> {
  const { store, config, methods, signal } = context
  const timeouts: Timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const target = toTarget(claim.server)
  if (target.method === 'function') return false
  const runId = randomUUID()
  const patience = patienceOf(timeouts)
  const limit = limitOf(timeouts)
  const script = render({ runId, backend: backend.name, fence: claim.fence, patience, limit, standing })
  const logId = await persist(signal, () =>
    createLog(store, {
      runId,
      serverId: claim.server.id,
      backend: backend.name,
      method: target.method,
      script: script.masked,
      fence: claim.fence,
      attempt: 1,
      operations: [],
    }),
  )
  const secrets = check.secrets.map((secret) => ({ name: secret.name, value: secret.reveal() }))
  const writer = createLogWriter(store, { logId, secrets })
  const end = await runErrand(methods, target, {
    runId,
    text: script.text,
    user: backend.user ?? null,
    timeouts,
    signal,
    onStart: () => writer.started(),
    reader: readSearch(script.token, writer, onEvent),
  })
  const state: EndState = end.kind === 'answered' ? 'SUCCESS' : 'ERROR'
  await persist(signal, () =>
    writer.finish({ state, error: `looked for what makes this fail: ${check.masked}` }),
  )
  return end.kind === 'answered'
}

/** Its output goes into its log. */
function readSearch(
  token: string,
  writer: LogWriter,
  onEvent: (event: ScriptEvent) => void,
): ErrandReader<'came to its end'> {
  let answer: 'came to its end' | null = null
  const output = followOutput(token, (event) => {
    if (event.kind === 'finished') answer = 'came to its end'
    onEvent(event)
    return event.kind === 'output' ? writer.write(event.stream, null, event.bytes) : undefined
  })
  return {
    push: output.push,
    end() {
      output.end()
      return { answer, said: writer.lastWords(null) ?? '' }
    },
  }
}

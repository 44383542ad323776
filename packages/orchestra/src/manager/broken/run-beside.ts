import { randomUUID } from 'node:crypto'
import type { Backend } from '../../config/backend.ts'
import { createLaneLog, createLogWriter, type EndState } from '../../logs/index.ts'
import { persist } from '../../logs/persist.ts'
import { limitOf, patienceOf } from '../../recording/patience.ts'
import type { Rendered, ScriptEvent } from '../../script/index.ts'
import type { SearchRequest, SearchScript } from '../../script/search.ts'
import { toTarget } from '../../server/index.ts'
import { ask, mannerOf, untilFinished } from '../../talk/index.ts'
import type { Claim } from '../claim.ts'
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
  const manner = mannerOf(config, backend)
  const target = toTarget(claim.server)
  if (target.method === 'function') return false
  const runId = randomUUID()
  const patience = patienceOf(manner.timeouts)
  const limit = limitOf(manner.timeouts)
  const script = render({ runId, backend: backend.name, fence: claim.fence, patience, limit, standing })
  const logId = await persist(signal, () =>
    createLaneLog(
      store,
      {
        runId,
        serverId: claim.server.id,
        backend: backend.name,
        method: target.method,
        script: script.masked,
        fence: claim.fence,
        attempt: 1,
        operations: [],
      },
      claim.owner,
    ),
  )
  if (logId === undefined) return false
  const secrets = check.secrets.map((secret) => ({ name: secret.name, value: secret.reveal() }))
  const writer = createLogWriter(store, { logId, secrets })
  const onStart = () => writer.started()
  const take = (event: ScriptEvent) => {
    onEvent(event)
    return event.kind === 'output' ? writer.write(event.stream, null, event.bytes) : undefined
  }
  const message = { runId, text: script.text, ...manner, signal, onStart }
  const reader = untilFinished(script.token, take, () => writer.lastWords(null) ?? '')
  const end = await ask(methods, target, message, reader)
  const state: EndState = end.kind === 'answered' ? 'SUCCESS' : 'ERROR'
  await persist(signal, () =>
    writer.finish({ state, error: `looked for what makes this fail: ${check.masked}` }),
  )
  return end.kind === 'answered'
}

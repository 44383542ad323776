import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { finishLog, type OperationEnd, scriptState } from '../logs/index.ts'
import { persist } from '../logs/persist.ts'
import { recordScript } from '../recording/scripts.ts'
import {
  createRecoveryParser,
  type OperationResult,
  type RunMemory,
  renderRecovery,
} from '../script/index.ts'
import { toTarget } from '../server/index.ts'
import type { Queryable } from '../store/store.ts'
import { ask as askServer } from '../talk/index.ts'
import type { Claim, ClaimedOperation, OpenLog } from './claim.ts'
import { placingOf } from './placing.ts'
import { isRegeneration, recoverRegeneration } from './regenerate/index.ts'
import type { RunContext, RunEnd } from './run-context.ts'
import { settle } from './settle.ts'
import type { Settlement } from './settlement.ts'
import { fromResult, givenBack, stopped, suspected, toOperationEnd } from './settlement.ts'

/** Seconds that the server is given to finish a script that is still running; after that the lane asks again later. */
const LOCK_WAIT = 10

/** Asks the server what became of scripts whose end nobody saw, and records it; nothing is run again before that. */
export async function recover(context: RunContext, claim: Claim): Promise<RunEnd> {
  const whole = await regenerationsOf(context, claim)
  const open = await openOperations(
    context.store,
    claim.openLogs.filter((log) => !whole.has(log)),
  )
  for (const [user, logs] of Map.groupBy(claim.openLogs, (log) => userOf(context.config, log))) {
    const memories = await ask(context, claim, user, logs)
    if ('kind' in memories) return memories
    for (const log of logs) {
      const memory = memories.find((one) => one.runId === log.run_id)
      if (memory === undefined) continue
      const regenerated = whole.get(log)
      const recorded =
        regenerated === undefined
          ? await recordMemory(context, claim, log, memory, openOf(log, open))
          : await recoverRegeneration({ context, claim }, regenerated, log, memory, explanation(memory))
      if (!recorded) return { kind: 'lost-lane' }
      // Of one that never began a note stays there, so that it does not begin late.
      if (memory.state !== 'never') context.journals.finish([log.run_id])
    }
  }
  return { kind: 'ran' }
}

interface OpenOperation extends ClaimedOperation {
  log_id: number
  position: number
  /** Somebody cancelled it while it ran. */
  cancelled_by: string | null
}

function openOf(log: OpenLog, open: readonly OpenOperation[]): OpenOperation[] {
  return open.filter((operation) => operation.log_id === log.id)
}

/** Logs about whole configurations, with their backends. */
async function regenerationsOf({ store, config }: RunContext, claim: Claim): Promise<Map<OpenLog, Backend>> {
  const whole = new Map<OpenLog, Backend>()
  for (const log of claim.openLogs) {
    const backend = config.backends.get(log.backend)
    if (backend?.sync !== undefined && (await isRegeneration(store, log.id))) whole.set(log, backend)
  }
  return whole
}

async function openOperations(db: Queryable, logs: readonly OpenLog[]): Promise<OpenOperation[]> {
  return db.query<OpenOperation>(
    `select o.id, o.unit_id, o.backend, o.action, o.model, o.object_key, o.keys, o.snapshot, o.identity,
       '[]'::jsonb as previous, o.attempt, o.alone, p.log_id, p.position,
       case when o.outcome = 'aborted' then coalesce(g.cancel_by, '?') end as cancelled_by
     from orchestra.log_operation p join orchestra.operation o on o.id = p.operation_id join orchestra.log g on g.id = p.log_id
     where p.log_id = any($1::bigint[]) and o.state = 'running' order by p.log_id, p.position`,
    [logs.map((log) => log.id)],
  )
}

function userOf(config: Config, log: OpenLog): string | null {
  return config.backends.get(log.backend)?.user ?? null
}

async function ask(
  context: RunContext,
  claim: Claim,
  user: string | null,
  logs: readonly OpenLog[],
): Promise<readonly RunMemory[] | RunEnd> {
  const scripts = logs.filter((log) => log.method !== 'function')
  // Functions ran in a process that is gone, and left nothing to ask.
  const functions = logs.filter((log) => log.method === 'function')
  const memories: RunMemory[] = functions.map((log) => ({
    runId: log.run_id,
    state: 'broken',
    results: [],
    reloads: [],
    at: [],
  }))
  if (scripts.length === 0) return memories
  const runId = randomUUID()
  const runs = scripts.map((log) => log.run_id)
  const { text, token } = renderRecovery({ runId, runs, lockWait: LOCK_WAIT })
  const parser = createRecoveryParser(token, runs)
  const target = toTarget(claim.server)
  const message = {
    runId,
    text,
    user,
    timeouts: context.config.worker.timeouts,
    signal: context.signal,
    noting: { store: context.store, serverId: claim.server.id },
  }
  const reply = await askServer(context.methods, target, message, {
    push: (stream, bytes) => (stream === 'stdout' ? parser.push(bytes) : undefined),
    end: () => ({ answer: parser.end(), said: '' }),
  })
  if (reply.kind === 'answered') return [...memories, ...reply.answer]
  if (reply.kind === 'fenced') return { kind: 'lost-lane' }
  if (reply.kind === 'cancelled') return { kind: 'stopped' }
  return { kind: 'unknown', reason: reply.kind === 'too-large' ? reply.error.message : reply.reason }
}

async function recordMemory(
  context: RunContext,
  claim: Claim,
  log: OpenLog,
  memory: RunMemory,
  operations: readonly OpenOperation[],
): Promise<boolean> {
  const ends: OperationEnd[] = []
  const settlements = operations.map((operation) => {
    const result = memory.results.find((one) => one.index === operation.position)
    const settlement =
      result === undefined
        ? withoutResult(context, operation, memory)
        : withResult(context, claim, operation, result)
    const end = toOperationEnd(operation.position, settlement, result?.exit ?? null)
    if (end !== undefined) ends.push(end)
    return settlement
  })
  if (!(await record(context, claim, log, settlements))) return false
  const state = memory.state === 'done' ? scriptState(ends.map((end) => end.outcome)) : 'ERROR'
  const end = { state, error: explanation(memory), operations: ends }
  await persist(context.signal, () => finishLog(context.store, log.id, end))
  return true
}

/** What was at work when a script broke off may be what broke it. */
function withoutResult(context: RunContext, operation: OpenOperation, memory: RunMemory): Settlement {
  const { id, position, cancelled_by: by } = operation
  if (by !== null) return stopped(id, 'aborted', by)
  if (memory.state !== 'broken' || !memory.at.includes(position)) return givenBack(id, null, null)
  const { operation: backoff } = context.config.worker.backoff
  return suspected(operation, 'failure', 'the script broke off while this ran', backoff, 0)
}

function withResult(
  context: RunContext,
  { server }: Claim,
  operation: OpenOperation,
  result: OperationResult,
): Settlement {
  const { operation: backoff } = context.config.worker.backoff
  return fromResult(operation, result, placedBy(context, operation), backoff, server.name)
}

function record(
  context: RunContext,
  claim: Claim,
  log: OpenLog,
  settlements: readonly Settlement[],
): Promise<boolean> {
  return persist(context.signal, () => settle(context, claim, log.id, settlements))
}

function placedBy(context: RunContext, operation: OpenOperation) {
  const backend = context.config.backends.get(operation.backend)
  const [recorded] =
    backend === undefined
      ? []
      : recordScript({ backend, operations: [operation] }, context.store.keyring).operations
  if (recorded === undefined) return undefined
  return placingOf(recorded, context.store.keyring)
}

function explanation(memory: RunMemory): string {
  if (memory.state === 'never')
    return 'the worker or the connection was lost before the script began: nothing of it ran'
  if (memory.state === 'done') return 'the worker or the connection was lost; the server kept the results'
  return 'the worker or the connection was lost and the script broke off; what has no result is done again'
}

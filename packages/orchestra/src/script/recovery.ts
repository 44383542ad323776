import { randomBytes } from 'node:crypto'
import { endLine } from './bootstrap.ts'
import { MarkedStream } from './marked-stream.ts'
import { checkRunId } from './names.ts'
import { type BlockIndex, type OperationResult, parseRecord, type ReloadResult } from './output.ts'
import { withPrelude } from './prelude.ts'

/** Services that one run reloads. */
const mostReloads = 1000

export interface RecoveryRequest {
  /** Id of the recovery itself. */
  runId: string
  /** Runs whose end nobody saw. */
  runs: readonly string[]
  /** Seconds to wait for a script that is still running. */
  lockWait?: number
  /** As in `ScriptRequest`. */
  token?: string
}

/**
 * A script that asks a server what became of runs whose connection was lost. It waits for the lock, so what it
 * reports is final: a run that never began is kept from beginning later.
 */
export function renderRecovery({
  runId,
  runs,
  lockWait = 60,
  token = randomBytes(16).toString('hex'),
}: RecoveryRequest) {
  const call = ['o_recover', lockWait, token, ...runs.map(checkRunId)].join(' ')
  return { text: withPrelude(call, endLine(runId)), token }
}

/** What the server remembers of a run. */
export interface RunMemory {
  runId: string
  /** `never`: it did not begin. `broken`: it ended before its end, with these results. `done`: all results are there. */
  state: 'never' | 'broken' | 'done'
  results: readonly OperationResult[]
  reloads: readonly ReloadResult[]
  /** What was at work last; empty where the server told nothing of it. */
  at: readonly BlockIndex[]
}

export interface RecoveryParser {
  /** Takes bytes of stdout as they come. */
  push(bytes: Uint8Array): void
  /** The runs in the order asked; null when the answer did not come whole. */
  end(): readonly RunMemory[] | null
}

/** Reads what a server remembers of these runs; what it tells of others, or twice, is nothing. */
export function createRecoveryParser(token: string, asked: readonly string[]): RecoveryParser {
  const runs = new Map<string, Mutable>()
  let current: Mutable | undefined
  let whole = false
  const begin = (record: string) => {
    const run = startOf(record)
    current = asked.includes(run.runId) && !runs.has(run.runId) ? run : undefined
    if (current !== undefined) runs.set(run.runId, current)
  }
  const onRecord = (record: string) => {
    if (record === 'end') whole = true
    else if (record.startsWith('run ')) begin(record)
    else remember(current, record)
  }
  const stream = new MarkedStream(token, { onBytes: () => undefined, onRecord })
  return { push: (bytes) => stream.push(bytes), end: () => (whole ? [...runs.values()].map(memoryOf) : null) }
}

interface Mutable {
  runId: string
  state: RunMemory['state']
  /** By the operation: a result counts once. */
  results: Map<OperationResult['index'], OperationResult>
  reloads: Map<string, ReloadResult>
  at: Set<BlockIndex>
}

function memoryOf({ runId, state, results, reloads, at }: Mutable): RunMemory {
  return { runId, state, results: [...results.values()], reloads: [...reloads.values()], at: [...at] }
}

function startOf(record: string): Mutable {
  const [, runId = '', state] = record.split(' ')
  const began = state === 'absent' ? 'never' : 'broken'
  return { runId, state: began, results: new Map(), reloads: new Map(), at: new Set() }
}

function remember(run: Mutable | undefined, record: string): void {
  if (!run) return
  if (record === 'done') run.state = 'done'
  if (record === 'revoked') run.state = 'never'
  const event = parseRecord(record)
  if (event?.kind === 'result' && !run.results.has(event.result.index))
    run.results.set(event.result.index, event.result)
  if (event?.kind === 'at') {
    if (!event.more) run.at.clear()
    for (const index of event.indexes) run.at.add(index)
  }
  if (event?.kind === 'reload' && run.reloads.size < mostReloads)
    run.reloads.set(`${event.result.verb}.${event.result.service}`, event.result)
}

import { randomBytes } from 'node:crypto'
import { endLine } from './bootstrap.ts'
import { MarkedStream } from './marked-stream.ts'
import { checkRunId } from './names.ts'
import { type BlockIndex, type OperationResult, parseRecord, type ReloadResult } from './output.ts'
import { readPrelude } from './prelude.ts'

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
  return { text: `${readPrelude()}\n${call}\n${endLine(runId)}\n`, token }
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

export function createRecoveryParser(token: string): RecoveryParser {
  const runs: Mutable[] = []
  let whole = false
  const onRecord = (record: string) => {
    if (record === 'end') whole = true
    else if (record.startsWith('run ')) runs.push(startOf(record))
    else remember(runs.at(-1), record)
  }
  const stream = new MarkedStream(token, { onBytes: () => undefined, onRecord })
  return { push: (bytes) => stream.push(bytes), end: () => (whole ? runs : null) }
}

interface Mutable extends RunMemory {
  results: OperationResult[]
  reloads: ReloadResult[]
  at: BlockIndex[]
}

function startOf(record: string): Mutable {
  const [, runId = '', state] = record.split(' ')
  return { runId, state: state === 'absent' ? 'never' : 'broken', results: [], reloads: [], at: [] }
}

function remember(run: Mutable | undefined, record: string): void {
  if (!run) return
  if (record === 'done') run.state = 'done'
  if (record === 'revoked') run.state = 'never'
  const event = parseRecord(record)
  if (event?.kind === 'result') run.results.push(event.result)
  if (event?.kind === 'at') run.at = event.more ? [...run.at, ...event.indexes] : [...event.indexes]
  if (event?.kind === 'reload') run.reloads.push(event.result)
}

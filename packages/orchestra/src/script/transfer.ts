import { randomBytes } from 'node:crypto'
import { Secret } from '../secrets/secret.ts'
import { endLine } from './bootstrap.ts'
import { checkRunId } from './names.ts'
import { withPrelude } from './prelude.ts'
import { callOf } from './render-step.ts'
import { join, plain, type Rendered, renderSecret } from './rendered.ts'
import type { Command } from './sh.ts'
import { readShell } from './shell-file.ts'

/** What one copy of data from a server to another may take; whatever the old server sends, the new one has room for others. */
export interface CopyLimits {
  /** Bytes of data, and bytes that one file of it may seem to have. */
  bytes: number
  /** Bytes that stay free on each file system of the new server; where that is more than a tenth of it, a tenth. */
  free: number
  /** Milliseconds from its begin to its end. */
  total: number
}

/** One try of one side of a transfer: an earlier one that still runs there is ended, a later one keeps this from running. */
export interface TransferTry {
  transferId: number
  attempt: number
  side: 'from' | 'to'
  runId: string
}

export interface TransferScript {
  runId: string
  /** What the server runs. */
  text: string
  /** What people see: secrets by name. */
  masked: string
  secrets: readonly Secret[]
}

/** A script that prints something, and a mark behind it once all of it was printed. */
export interface EmitScript extends TransferScript {
  mark: Buffer
}

/** Prints what a command prints, as it is, with a mark that only a whole output ends with. */
export function renderEmit(one: TransferTry, command: Command): EmitScript {
  const mark = randomBytes(24).toString('hex')
  const line = callOf('o_emit', command.rendered, renderSecret(new Secret(mark, markName)))
  return { ...renderTransfer(one, line), mark: Buffer.from(mark) }
}

/** A script that takes in data, and prints a mark before it ends itself because there is too little room. */
export interface AbsorbScript extends TransferScript {
  mark: Buffer
}

/**
 * Gives a command what comes on stdin in frames; see `Framer`. No file may be larger than `bytes`, and `free` bytes stay on each file
 * system.
 */
export function renderAbsorb(
  one: TransferTry,
  command: Command,
  { bytes, free }: Pick<CopyLimits, 'bytes' | 'free'>,
): AbsorbScript {
  const mark = randomBytes(24).toString('hex')
  const limits = [Math.ceil(bytes / 1024), Math.ceil(free)].map((limit) => plain(String(limit)))
  const line = callOf('o_absorb', command.rendered, ...limits, renderSecret(new Secret(mark, markName)))
  return { ...renderTransfer(one, line), mark: Buffer.from(mark) }
}

/** Runs a command under the server's lock, which is waited for so many seconds. */
export function renderPut(one: TransferTry, command: Command, lockWait: number): TransferScript {
  return renderTransfer(one, callOf('o_put', command.rendered, plain(String(lockWait))))
}

const markName = 'output-token'
let functions: string | undefined

function renderTransfer({ transferId, side, attempt, runId }: TransferTry, work: Rendered): TransferScript {
  checkRunId(runId)
  const who = [transferId, side, attempt].map((word) => plain(String(word)))
  const body = join([callOf('o_transfer', ...who), work], '\n')
  functions ??= readShell('transfer.sh')
  return {
    runId,
    text: withPrelude(body.reveal(), endLine(runId), [functions]),
    masked: `# Orchestra's prelude\n${body.masked}\n${endLine(runId)}\n`,
    secrets: body.secrets.filter((value) => value.name !== markName),
  }
}

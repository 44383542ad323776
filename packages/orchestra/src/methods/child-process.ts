import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { ProcessEnd, Wire } from './wire.ts'

/** How a child's exit is to be read. */
export type ReadExit = (code: number | null, signal: string | null) => ProcessEnd

/** A child of this process by its streams. */
export function childWire(
  child: ChildProcessWithoutNullStreams,
  readExit: ReadExit,
  endLogin: () => Promise<void>,
): Wire {
  const { stdin, stdout, stderr } = child
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve(readExit(code, signal)))
  })
  const closed = new Promise<ProcessEnd>((resolve) => {
    child.once('close', (code, signal) => resolve(readExit(code, signal)))
  })
  const abandon = () => {
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
  }
  return { stdin, stdout, stderr, exited, closed, endLogin, abandon }
}

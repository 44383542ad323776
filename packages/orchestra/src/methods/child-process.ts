import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { ProcessEnd } from './method.ts'
import type { Process } from './supervise.ts'

/** How a child's exit is to be read. */
export type ReadExit = (code: number | null, signal: string | null) => ProcessEnd

/** A child of this process as something to supervise. */
export function childProcess(
  child: ChildProcessWithoutNullStreams,
  endGroup: (group: number) => Promise<boolean>,
  endLogin: () => Promise<void>,
  readExit: ReadExit,
): Process {
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
  return { stdin, stdout, stderr, exited, closed, endGroup, endLogin, abandon }
}

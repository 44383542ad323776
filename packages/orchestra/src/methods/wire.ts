import type { Readable, Writable } from 'node:stream'
import type { Job, JobEnd } from './method.ts'

/** How a process ended, seen from here. */
export type ProcessEnd = Extract<JobEnd, { kind: 'exited' | 'lost' }>

/** A bash that runs somewhere and waits for what it is to do. */
export interface Wire {
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** The process is over, or the way to it is gone. */
  exited: Promise<ProcessEnd>
  /** Both streams have ended as well, which a daemon that inherited them may put off for ever. */
  closed: Promise<ProcessEnd>
  /** Ends what a login started before, or instead of, this bash. */
  endLogin(): Promise<void>
  /** Lets go of the streams, whatever still holds their other ends. */
  abandon(): void
}

/** What one script prints on one stream. */
export interface Output {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** A bash for one script. */
export interface Bash {
  stdout: Output
  stderr: Output
  exited: Promise<ProcessEnd>
  closed: Promise<ProcessEnd>
  /** Ends what a login started before, or instead of, this bash. */
  endLogin(): Promise<void>
  /** Gives it the script. */
  send(job: Job): void
  /** Nothing of it may go on: whatever comes next needs another one. */
  giveUp(): void
  /** Nobody listens any more. */
  leave(): void
}

/** A bash that ends with its script. */
export function placeOnce(wire: Wire): Bash {
  const { stdin, stdout, stderr, exited, closed } = wire
  // A script that ends before it has read everything says so by its exit status, not by a broken pipe.
  stdin.on('error', () => {})
  const send = (job: Job) => {
    const script = bytesOf(job.script)
    if (job.input === undefined) stdin.end(script)
    else {
      stdin.write(script)
      job.input.pipe(stdin)
    }
  }
  const endLogin = () => wire.endLogin()
  return { stdout, stderr, exited, closed, endLogin, send, giveUp: () => {}, leave: () => wire.abandon() }
}

export function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A session; or none, perhaps for a reason of this connection; or a refusal that another would repeat. */
export type SessionAnswer<Session> =
  | { kind: 'session'; session: Session }
  | { kind: 'none'; reason: string }
  | Extract<JobEnd, { kind: 'denied' }>

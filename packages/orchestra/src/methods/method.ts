import type { Readable } from 'node:stream'
import type { Timeouts } from '../config/backend.ts'

/** A server as its methods need it. */
export interface ServerTarget {
  name: string
  method: 'ssh' | 'openssh' | 'local' | 'function'
  host: string
  port: number
  /** Login; anything but root uses sudo when the script asks for another user. */
  user: string
  /** Run scripts with `sudo -n` (non-root logins that manage the system). */
  sudo: boolean
  /** The approved host key as `ssh-ed25519 AAAA...`; null before the first approval. */
  hostKey: string | null
  /** Path of a private key, or null for the agent. */
  identityFile: string | null
  /** Directory that scripts start in and keep their state below; null for the method's default. */
  directory: string | null
}

/** One script to run on one server. */
export interface Job {
  runId: string
  /** The whole script; its last line is `# end RUNID`, without which nothing may run. */
  script: Uint8Array
  /** What the script finds on its stdin, which is empty otherwise. Only for bash: other interpreters read the script there. */
  input?: Readable
  /** Command that runs the script from stdin. Null: bash behind the truncation guard. */
  interpreter: readonly string[] | null
  /** User to become, if not the login. */
  user: string | null
  /** `Infinity` is no limit. */
  timeouts: Timeouts
  signal: AbortSignal
  /** Called when the first byte of the script may have left this machine. */
  onStart(): void
  /** Bytes as they come. A returned promise holds the stream back until it resolves. */
  onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void | Promise<void>
}

/** How a job ended. Whether it did what it should is told by the script's own output. */
export type JobEnd =
  | { kind: 'exited'; code: number | null; signal: string | null }
  /** Nothing of the script was sent. */
  | { kind: 'unreachable'; reason: string }
  /** The server's host key is not approved or is not the approved one; nothing was sent. */
  | { kind: 'host-key'; presented: string; reason: string }
  /** Login or privilege refused; nothing ran. */
  | { kind: 'denied'; reason: string }
  /** The connection broke after the script may have begun. */
  | { kind: 'lost'; reason: string }
  /** `limit`: the milliseconds that were over. */
  | { kind: 'timeout'; which: 'idle' | 'total'; limit: number }
  | { kind: 'cancelled' }

/** A way to run scripts on servers. */
export interface Method {
  run(target: ServerTarget, job: Job): Promise<JobEnd>
  /** Ends pooled connections. */
  close(): Promise<void>
}

import { fingerprint, formatAddress } from '../methods/index.ts'
import { type ServerRow, toTarget } from '../server/index.ts'
import { hasHostKey, type KeyState, keyState } from './server-facts.ts'

/** A server as programs are shown it. */
export interface ServerView {
  name: string
  method: ServerRow['method']
  host: string
  port: number
  user: string
  sudo: boolean
  identityFile: string | null
  directory: string | null
  tags: string[]
  key: KeyState
  fingerprint: string | null
  /** `since` is ISO 8601. */
  held: { by: string | null; since: string; reason: string | null; until: string | null } | null
}

export function toView(row: ServerRow): ServerView {
  const { name, method, host, port, user, sudo, identityFile, directory, hostKey } = toTarget(row)
  return {
    name,
    method,
    host,
    port,
    user,
    sudo,
    identityFile,
    directory,
    tags: row.tags,
    key: hasHostKey(method) ? keyState(row.host_key, row.presented_key) : 'not needed',
    fingerprint: hostKey === null ? null : fingerprint(hostKey),
    held: heldOf(row),
  }
}

function heldOf({ held_at, held_by, held_reason, hold_ends }: ServerRow): ServerView['held'] {
  // Earlier releases kept no reason as an empty one.
  if (held_at === null) return null
  const until = hold_ends?.toISOString() ?? null
  return { by: held_by, since: held_at.toISOString(), reason: held_reason || null, until }
}

/** `root@203.0.113.7:22` */
export function addressOf({ method, user, host, port }: ServerView): string {
  if (method === 'local' || method === 'function') return 'this machine'
  return `${user}@${formatAddress(host, port)}`
}

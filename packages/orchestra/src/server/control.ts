import { tell } from '../events/index.ts'
import type { Queryable } from '../store/index.ts'
import { type Doer, doerOf } from './doer.ts'

/** What somebody did to Orchestra itself, for `orchestra.audit`. */
export interface AuditEntry extends Doer {
  action: string
  target: string
  detail?: Readonly<Record<string, unknown>>
}

/** Records who did what, in the transaction that does it. */
export async function audit(tx: Queryable, entry: AuditEntry): Promise<void> {
  const { action, target } = entry
  const detail = entry.detail === undefined ? null : JSON.stringify(entry.detail)
  // An application may ask for it too, and has no right to write entries of anything else.
  if (action === 'sync.start') await tx.query(AUDIT_SYNC, [doerOf(entry), target, detail])
  else await tx.query(AUDIT, [doerOf(entry), action, target, detail])
}

const AUDIT_SYNC = 'select orchestra.audit_sync($1, $2, $3::jsonb)'

const AUDIT = `
with entered as (
  insert into orchestra.audit (actor, action, target, detail) values ($1, $2, $3, $4) returning id, action, target
)
${tell('acted', { audit: 'id', action: 'action', target: 'target' }, 'entered')}`

/**
 * Tells every process at commit that something it may be waiting for has changed: `server:ID`, `routes` or `paused`.
 * It is a hint to read again, so one that gets lost costs time only.
 */
export async function announce(tx: Queryable, what: `server:${number}` | 'routes' | 'paused'): Promise<void> {
  await tx.query(`select pg_notify('orchestra_control', $1)`, [what])
}

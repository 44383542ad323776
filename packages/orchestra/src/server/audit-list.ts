import { isoTime } from '../logs/iso-time.ts'
import type { Queryable } from '../store/index.ts'

/** What somebody did to Orchestra itself. */
export interface AuditView {
  id: number
  /** ISO 8601. */
  at: string
  by: string
  /** `server.set`, `route.remove` ... */
  action: string
  /** What it was done to: a server's name, `route:3`. */
  target: string
  detail: Record<string, unknown> | null
}

export interface AuditSearch {
  by?: string | undefined
  /** `server.set`, or the first part of it: `server`. */
  action?: string | undefined
  target?: string | undefined
  /** At or after. */
  since?: Date | undefined
  /** Older than this entry. */
  before?: number | undefined
  /** Default 50. */
  limit?: number | undefined
}

const DEFAULT_LIMIT = 50

/** Entries of the audit that fit, the newest first. */
export function listAudit(store: Queryable, search: AuditSearch = {}): Promise<AuditView[]> {
  return store.query<AuditView>(
    `select id, ${isoTime('at')} as at, actor as by, action, target, detail from orchestra.audit
     where ($1::text is null or actor = $1)
       and ($2::text is null or action = $2 or split_part(action, '.', 1) = $2)
       and ($3::text is null or target = $3)
       and ($4::timestamptz is null or at >= $4)
       and ($5::bigint is null or id < $5)
     order by id desc limit $6`,
    [
      search.by ?? null,
      search.action ?? null,
      search.target ?? null,
      search.since ?? null,
      search.before ?? null,
      search.limit ?? DEFAULT_LIMIT,
    ],
  )
}

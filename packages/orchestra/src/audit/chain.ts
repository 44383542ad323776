import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** Where the chain stands after an entry. */
export interface ChainEnd {
  /** Links are numbered without a gap. */
  link: number
  /** SHA-256, as hexadecimal digits. */
  hash: string
}

/** Before the first entry. */
export const BEGINNING: ChainEnd = { link: 0, hash: '0'.repeat(64) }

/** An entry with all its columns by their names, but without its hash and without those that hold nothing. */
export type AuditRecord = Readonly<Record<string, unknown>>

/**
 * What an entry is hashed as: the canonical JSON of RFC 8785. A column that a later release adds holds nothing in older entries, whose
 * hashes it so leaves as they are.
 */
export function hashOf(record: AuditRecord): string {
  return createHash('sha256')
    .update(canonicalize(record) ?? '')
    .digest('hex')
}

/** A row without the columns that hold nothing. */
export function recordOf(row: Readonly<Record<string, unknown>>): AuditRecord {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}

/** Links entries in this order behind the end of the chain. */
export function chain(end: ChainEnd, rows: readonly AuditRecord[]): (ChainEnd & { prevHash: string })[] {
  let last = end
  return rows.map((row) => {
    const prevHash = last.hash
    const link = last.link + 1
    last = { link, hash: hashOf({ ...row, link, prev_hash: prevHash }) }
    return { ...last, prevHash }
  })
}

/** SQL for all columns of an entry `a` but its hash; its time to the microsecond, whatever the session's time zone. */
export const RECORD = `to_jsonb(a) - 'hash'
  || jsonb_build_object('at', to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`

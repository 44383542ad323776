import { type AuditRecord, type ChainEnd, hashOf } from './chain.ts'

/** The first place of the chain that does not fit. */
export interface AuditFault {
  kind: /** The entry is not the one that was linked. */
    | 'changed'
    /** There is no entry of this link. */
    | 'missing'
    /** The entry is whole, and follows another one than the one before it. */
    | 'unjoined'
    /** The chain ends otherwise than it was noted. */
    | 'head'
    /** An entry has a link where the chain has none. */
    | 'stray'
    /** The head that was posted elsewhere is not of this chain. */
    | 'posted'
  link: number
  /** The number of the entry, where there is one. */
  entry: number | null
  text: string
}

export interface LinkedRow {
  id: number
  link: number
  hash: string | null
  record: AuditRecord
}

/** What is wrong with an entry behind the end of what was checked; undefined when it fits. */
export function faultOf(end: ChainEnd, row: LinkedRow): AuditFault | undefined {
  const link = end.link + 1
  if (row.link !== link)
    return { kind: 'missing', link, entry: null, text: `the entry of link ${link} is missing` }
  const about = { link, entry: row.id }
  if (hashOf(row.record) !== row.hash)
    return { kind: 'changed', ...about, text: `entry ${row.id} was changed after it was written` }
  if (row.record.prev_hash !== end.hash)
    return {
      kind: 'unjoined',
      ...about,
      text: `entry ${row.id} does not follow the entry of link ${end.link}: that one was replaced, or this one was`,
    }
  return undefined
}

/** What is wrong with where the chain ends. */
export function headFault(end: ChainEnd, noted: ChainEnd): AuditFault | undefined {
  if (end.link < noted.link) {
    const link = end.link + 1
    const text = `the entries from link ${link} to ${noted.link} are missing: the chain was cut`
    return { kind: 'missing', link, entry: null, text }
  }
  if (end.hash === noted.hash) return undefined
  const text = `the last entry, of link ${end.link}, is not the one that was noted as the head`
  return { kind: 'head', link: end.link, entry: null, text }
}

/** What a head that was posted elsewhere says of what the chain had at its link. */
export function postedFault(posted: ChainEnd, found: string | undefined): AuditFault | undefined {
  if (found === posted.hash) return undefined
  const text =
    found === undefined
      ? `the chain has nothing at link ${posted.link}, where the posted head is`
      : `the posted head of link ${posted.link} is not of this chain: it was made anew since`
  return { kind: 'posted', link: posted.link, entry: null, text }
}

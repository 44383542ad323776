import type { Queryable, Store } from '../store/index.ts'
import { type ChainEnd, RECORD, recordOf } from './chain.ts'
import { type AuditFault, faultOf, headFault, type LinkedRow, postedFault } from './fault.ts'

export interface AuditVerified {
  state: 'whole' | 'broken'
  /** Entries that fit, from the anchor on. */
  entries: number
  /** What retention has dropped ends here: the chain begins behind it. */
  anchor: ChainEnd & { at: string | null }
  /** How far the chain was followed. */
  head: ChainEnd
  /** Entries that were written just now and have no link yet: nothing is said of them. */
  unlinked: number
  /** The first that does not fit. */
  fault: AuditFault | null
}

interface Noted {
  anchorLink: number
  anchorHash: string
  anchorAt: Date | null
  headLink: number
  headHash: string
  unlinked: number
}

/**
 * Follows the chain from its anchor to its head, as of one moment.
 * @param posted a head that was posted elsewhere before
 */
export function verifyAudit(store: Store, posted?: ChainEnd): Promise<AuditVerified> {
  return store.transaction((tx) => verify(tx, posted), {
    opening: 'begin isolation level repeatable read read only',
  })
}

async function verify(db: Queryable, posted: ChainEnd | undefined): Promise<AuditVerified> {
  const [noted] = await db.query<Noted>(NOTED)
  if (noted === undefined) throw new Error('the chain of the audit has no row')
  const anchor = { link: noted.anchorLink, hash: noted.anchorHash }
  const head = { link: noted.headLink, hash: noted.headHash }
  const { end, fault, passed } = await follow(db, anchor, head, posted?.link)
  const first =
    fault ??
    headFault(end, head) ??
    (await strayFault(db, anchor, head)) ??
    (posted === undefined ? undefined : postedFault(posted, passed))
  return {
    state: first === undefined ? 'whole' : 'broken',
    entries: end.link - anchor.link,
    anchor: { ...anchor, at: noted.anchorAt?.toISOString() ?? null },
    head: end,
    unlinked: noted.unlinked,
    fault: first ?? null,
  }
}

interface Followed {
  end: ChainEnd
  fault?: AuditFault
  /** The hash at the link that was asked for. */
  passed?: string | undefined
}

async function follow(
  db: Queryable,
  anchor: ChainEnd,
  head: ChainEnd,
  asked: number | undefined,
): Promise<Followed> {
  let end = anchor
  let passed = asked === anchor.link ? anchor.hash : undefined
  for (;;) {
    const rows = await db.query<LinkedRow>(PAGE, [end.link, head.link])
    for (const row of rows) {
      const linked = { ...row, record: recordOf(row.record) }
      const fault = faultOf(end, linked)
      if (fault !== undefined) return { end, fault, passed }
      end = { link: row.link, hash: linked.hash ?? '' }
      if (end.link === asked) passed = end.hash
    }
    if (rows.length === 0) return { end, passed }
  }
}

async function strayFault(db: Queryable, anchor: ChainEnd, head: ChainEnd): Promise<AuditFault | undefined> {
  const [row] = await db.query<{ id: number; link: number }>(STRAY, [anchor.link, head.link])
  if (row === undefined) return undefined
  const text = `entry ${row.id} has link ${row.link}, which the chain does not have`
  return { kind: 'stray', link: row.link, entry: row.id, text }
}

const NOTED = `
select anchor_link as "anchorLink", anchor_hash as "anchorHash", anchor_at as "anchorAt", head_link as "headLink",
  head_hash as "headHash", (select count(*) from orchestra.audit where link is null) as unlinked
from orchestra.audit_chain`

const PAGE = `
select a.id, a.link, a.hash, ${RECORD} as record from orchestra.audit a
where a.link > $1 and a.link <= $2 order by a.link limit 1000`

const STRAY = 'select id, link from orchestra.audit where link <= $1 or link > $2 order by link limit 1'

import type { Queryable } from '../store/index.ts'
import type { ChainEnd } from './chain.ts'

/** Where the chain ends now: posted elsewhere, it tells later whether anything before it was changed. */
export interface AuditHead extends ChainEnd {
  /** The same in one word, as `audit verify --head` takes it. */
  text: string
  /** Entries that have no link yet. */
  unlinked: number
}

export async function auditHead(db: Queryable): Promise<AuditHead> {
  const [row] = await db.query<ChainEnd & { unlinked: number }>(HEAD)
  const { link = 0, hash = '', unlinked = 0 } = row ?? {}
  return { link, hash, text: `${link}:${hash}`, unlinked }
}

/** A head as it was posted; undefined when that is none. */
export function readHead(text: string): ChainEnd | undefined {
  const [, link = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return hash === '' ? undefined : { link: Number(link), hash }
}

const HEAD = `
select head_link as link, head_hash as hash, (select count(*) from orchestra.audit where link is null) as unlinked
from orchestra.audit_chain`

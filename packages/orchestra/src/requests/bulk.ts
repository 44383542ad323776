import { isoTime } from '../logs/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { insertRequest, type NewRequest } from './add.ts'

export const bulkItemStates = ['waiting', 'done', 'refused', 'failed'] as const

export type BulkItemState = (typeof bulkItemStates)[number]

/** How it ended with one of many. */
export interface BulkOutcome {
  state: Exclude<BulkItemState, 'waiting'>
  /** What the verb answered, or the error that it is. */
  detail: unknown
}

/** One of many: a server, or an object. */
export interface BulkTarget {
  item: string
  /** Of an object: there alone; null for wherever it is. */
  server: string | null
  backend: string | null
}

export interface BulkItem extends BulkTarget {
  number: number
  state: BulkItemState
  detail: unknown
  /** ISO 8601. */
  endedAt: string | null
}

/** What is to be done to each. */
export interface BulkWork {
  action: string
  reason: string | null
}

/** What else was said of it: it is in the request. */
export interface BulkAsked {
  /** What was selected by; neither where each was named. */
  where?: object | undefined
  q?: string | undefined
  /** When a hold ends, ISO 8601. */
  until?: string | undefined
}

/** How many are how far. */
export type BulkCounts = Record<BulkItemState, number>

/**
 * Leaves something that is to be done to many to a worker; answers the number of its request.
 * @throws OrchestraError ORC_REQUEST_LIMIT
 */
export async function addBulk(
  store: Store,
  { action, reason }: BulkWork,
  items: readonly BulkTarget[],
  { request, also }: { request: NewRequest; also: (tx: Queryable, id: number) => Promise<void> },
): Promise<number> {
  return store.transaction(async (tx) => {
    const id = await insertRequest(tx, request)
    await tx.query('insert into orchestra.bulk (request_id, action, reason) values ($1, $2, $3)', [
      id,
      action,
      reason,
    ])
    await tx.query(
      `insert into orchestra.bulk_item (request_id, number, item, server, backend)
       select $1, number, item, server, backend
       from unnest($2::text[], $3::text[], $4::text[]) with ordinality as given(item, server, backend, number)`,
      [id, ...(['item', 'server', 'backend'] as const).map((name) => items.map((one) => one[name]))],
    )
    await also(tx, id)
    return id
  })
}

/** What a request is to do to each; undefined where it is about one thing. */
export async function readBulkWork(
  db: Queryable,
  id: number,
): Promise<(BulkWork & { asked: BulkAsked }) | undefined> {
  const [work] = await db.query<BulkWork & { asked: BulkAsked }>(
    `select b.action, b.reason, r.input::jsonb as asked from orchestra.bulk b
     join orchestra.request r on r.id = b.request_id where b.request_id = $1`,
    [id],
  )
  return work
}

/** The next that are still to be done. */
export function waitingItems(
  db: Queryable,
  id: number,
  limit: number,
): Promise<(BulkTarget & Pick<BulkItem, 'number'>)[]> {
  return db.query(
    `select number, item, server, backend from orchestra.bulk_item where request_id = $1 and state = 'waiting' order by number limit $2`,
    [id, limit],
  )
}

export async function endItem(
  db: Queryable,
  id: number,
  number: number,
  { state, detail }: BulkOutcome,
): Promise<void> {
  await db.query(
    `update orchestra.bulk_item set state = $3, detail = $4, ended_at = clock_timestamp()
     where request_id = $1 and number = $2 and state = 'waiting'`,
    [id, number, state, JSON.stringify(detail ?? null)],
  )
}

export async function countItems(db: Queryable, id: number): Promise<BulkCounts> {
  const rows = await db.query<{ state: BulkItemState; count: number }>(
    'select state, count(*)::int as count from orchestra.bulk_item where request_id = $1 group by state',
    [id],
  )
  const counts: BulkCounts = { waiting: 0, done: 0, refused: 0, failed: 0 }
  for (const { state, count } of rows) counts[state] = count
  return counts
}

/** In the order in which they are done. */
export function listItems(
  db: Queryable,
  id: number,
  { state, after, limit }: { state?: BulkItemState | undefined; after?: number | undefined; limit: number },
): Promise<BulkItem[]> {
  return db.query<BulkItem>(
    `select number, item, server, backend, state, detail, ${isoTime('ended_at')} as "endedAt" from orchestra.bulk_item
     where request_id = $1 and number > $2 and ($3::text is null or state = $3) order by number limit $4`,
    [id, after ?? 0, state ?? null, limit],
  )
}

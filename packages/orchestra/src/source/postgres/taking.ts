import type { Backoff } from '../../config/config.ts'
import type { Key } from '../../config/model.ts'
import { isDecided } from '../../generation/index.ts'
import { later } from '../../operations/backoff.ts'
import { often, type Queryable, send, storable } from '../../store/index.ts'
import type { Bound, Looking, StoredChange } from '../changes.ts'

interface ChangeRow {
  id: number
  unit_id: string
  actor: string | null
  source: string | null
  login: string | null
  trace: string | null
  model: string
  action: string
  keys: Key[]
  payload: unknown
  at: Date
  backend: string | null
  server_id: number | null
}

/** Longer names and sources help nobody; writers of changes leave them as they are, because they are in a hurry. */
const COLUMNS = `id, unit_id, left(actor, 1000) as actor, nullif(left(source, 1000), '') as source, login, left(trace, 100) as trace, model, action, keys,
  payload, at, backend, server_id`

export async function due(
  db: Queryable,
  { models, backends, foreign }: Looking,
  { keys, most = keys, except = [] }: Bound,
): Promise<StoredChange[]> {
  const ranges = `{${except.map(({ first, last }) => `[${first},${last}]`).join(',')}}`
  const rows = await db.query<ChangeRow>(often(DUE), [most, models, backends, foreign, keys, ranges])
  return rows.map(fromRow)
}

const DUE = `
select ${COLUMNS} from (
  select *, sum(jsonb_array_length(keys)) over (order by id) - jsonb_array_length(keys) as before
  from (
    select * from orchestra.change where due_at <= now() and action <> 'compare' and ${isDecided('$2', '$3', '$4')}
      and not $6::int8multirange @> id
    order by id limit $1
  ) due
) counted where before < $5 order by id`

export async function stillDue(db: Queryable, ids: readonly number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query<{ id: number }>(
    often('select id from orchestra.change where id = any($1::bigint[]) and due_at <= now()'),
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}

export async function ofUnit(db: Queryable, unitId: string): Promise<StoredChange[]> {
  const rows = await db.query<ChangeRow>(
    `select ${COLUMNS} from orchestra.change where unit_id = $1 and action <> 'compare' order by id`,
    [unitId],
  )
  return rows.map(fromRow)
}

function fromRow({ unit_id: unitId, backend, server_id: serverId, ...row }: ChangeRow): StoredChange {
  return { ...row, unitId, scope: backend === null ? null : { backend, serverId } }
}

export async function acknowledge(tx: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length > 0)
    await send(tx, often('delete from orchestra.change where id = any($1::bigint[])'), [ids])
}

export async function postpone(db: Queryable, id: number, reason: string, backoff: Backoff): Promise<void> {
  await db.query(`update orchestra.change set ${later('$2', '$3', '$4')} where id = $1`, [
    id,
    storable(reason),
    backoff.base,
    backoff.cap,
  ])
}

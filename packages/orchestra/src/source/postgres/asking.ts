import type { Key } from '../../config/model.ts'
import type { Duties } from '../../generation/index.ts'
import type { Queryable } from '../../store/index.ts'
import type { AskedChange } from '../changes.ts'
import { acknowledge } from './taking.ts'

/** Keys in one row, as capture writes them. */
const KEYS_A_ROW = 1_000
const ROWS_A_STATEMENT = 500

export async function ask(db: Queryable, changes: readonly AskedChange[]): Promise<void> {
  const rows = changes.flatMap((change) => portionsOf(change.keys).map((keys) => ({ ...change, keys })))
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await write(db, rows.slice(at, at + ROWS_A_STATEMENT))
}

function portionsOf(keys: readonly Key[]): (readonly Key[])[] {
  const count = Math.ceil(keys.length / KEYS_A_ROW)
  return Array.from({ length: count }, (_, index) => keys.slice(index * KEYS_A_ROW, (index + 1) * KEYS_A_ROW))
}

async function write(db: Queryable, rows: readonly AskedChange[]): Promise<void> {
  await db.query(ASK, [
    rows.map(({ unitId }) => unitId),
    rows.map(({ actor }) => actor),
    rows.map(({ source }) => source),
    rows.map(({ model }) => model),
    rows.map(({ action }) => action),
    rows.map(({ keys }) => JSON.stringify(keys)),
    rows.map(({ payload }) => payload ?? null),
    rows.map(({ scope }) => scope?.backend ?? null),
    rows.map(({ scope }) => scope?.serverId ?? null),
  ])
}

const ASK = `
with written as (
  insert into orchestra.change (unit_id, actor, source, login, model, action, keys, payload, backend, server_id)
  select unit_id, actor, source, null, model, action, keys::jsonb, payload::jsonb, backend, server_id
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[])
    with ordinality as row(unit_id, actor, source, model, action, keys, payload, backend, server_id, position)
  order by position
)
select pg_notify('orchestra_change', '')`

export async function leave(tx: Queryable, ids: readonly number[], beside: Duties['beside']): Promise<void> {
  if (Object.keys(beside).length === 0 || ids.length === 0) return
  await tx.query(
    `insert into orchestra.change (unit_id, actor, source, login, model, action, keys, payload, at, backend)
     select c.unit_id, c.actor, c.source, c.login, c.model, c.action, c.keys, c.payload, c.at, beside.key
     from orchestra.change c join jsonb_each_text($2::jsonb) beside on beside.value = c.model
     where c.id = any($1::bigint[]) and c.backend is null`,
    [ids, JSON.stringify(beside)],
  )
}

export async function spread(
  tx: Queryable,
  known: (model: string) => AsyncIterable<readonly Key[]>,
): Promise<void> {
  const truncated = await tx.query<{ id: number; model: string }>(
    `select id, model from orchestra.change where action = 'truncate' and due_at <= now() order by id for update`,
  )
  for (const [model, own] of Map.groupBy(truncated, (one) => one.model)) {
    const ids = own.map(({ id }) => id)
    let isFollowed = false
    for await (const keys of known(model)) {
      await follow(tx, ids, portionsOf(keys))
      isFollowed = true
    }
    // Their units are known all the same.
    if (!isFollowed) await follow(tx, ids, [[]])
    await acknowledge(tx, ids)
  }
}

/** Writes what comes in the place of changes, which stay for now. */
async function follow(
  tx: Queryable,
  ids: readonly number[],
  portions: readonly (readonly Key[])[],
): Promise<void> {
  await tx.query(
    `insert into orchestra.change (unit_id, actor, source, login, model, action, keys, at)
     select c.unit_id, c.actor, c.source, c.login, c.model, 'save', portion.keys, c.at
     from orchestra.change c cross join jsonb_array_elements($2::jsonb) with ordinality as portion(keys, position)
     where c.id = any($1::bigint[]) order by c.id, portion.position`,
    [ids, JSON.stringify(portions)],
  )
}

import type { Key } from '../../config/model.ts'
import type { Queryable } from '../../store/index.ts'
import type { Backlog, WaitingObject, WaitingUnit } from '../changes.ts'

interface BacklogRow extends Omit<Backlog, 'models'> {
  models: Backlog['models'] | null
}

export async function backlog(db: Queryable): Promise<Backlog> {
  const [row] = await db.query<BacklogRow>(BACKLOG)
  return {
    keys: row?.keys ?? 0,
    oldest: row?.oldest ?? null,
    error: row?.error ?? null,
    models: row?.models ?? [],
  }
}

/** Once over all that waits. */
const BACKLOG = `
with waiting as (
  select model, action = 'compare' as is_untold, sum(jsonb_array_length(keys)) as keys, min(at) as oldest,
    max(array[lpad(id::text, 20, '0'), error]) filter (where error is not null) as newest
  from orchestra.change group by model, action = 'compare'
)
select coalesce(sum(keys), 0)::bigint as keys, min(oldest) filter (where not is_untold) as oldest, (max(newest))[2] as error,
  jsonb_agg(jsonb_build_object('model', model, 'keys', keys) order by model) filter (where not is_untold) as models
from waiting`

export async function oldest(db: Queryable): Promise<Date | null> {
  const [row] = await db.query<{ oldest: Date | null }>(OLDEST)
  return row?.oldest ?? null
}

/** Numbers are given in about the order of the times. */
const OLDEST = `
select min(at) as oldest from (
  select at from orchestra.change where action <> 'compare' order by id limit 100) as first`

export async function unit(db: Queryable, unitId: string): Promise<WaitingUnit | undefined> {
  const [row] = await db.query<WaitingUnit>(UNIT, [unitId])
  return row
}

const UNIT = `
select min(actor) as actor, nullif(min(source), '') as source,
  coalesce(array_agg(distinct login) filter (where login is not null), '{}') as logins, min(at) as at,
  max(error) as error, max(model) filter (where action = 'compare') as untold,
  sum(jsonb_array_length(keys))::bigint as keys,
  coalesce(sum(jsonb_array_length(keys)) filter (where attempt > 0), 0)::bigint as failing
from orchestra.change where unit_id = $1::uuid having count(*) > 0`

export async function unitsBetween(
  db: Queryable,
  first: string,
  last: string,
  most: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select distinct unit_id as id from orchestra.change where unit_id between $1::uuid and $2::uuid order by id limit $3`,
    [first, last, most],
  )
  return rows.map(({ id }) => id)
}

export async function unitsAmong(db: Queryable, unitIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    'select distinct unit_id as id from orchestra.change where unit_id = any($1::uuid[])',
    [unitIds],
  )
  return new Set(rows.map(({ id }) => id))
}

export async function countOf(db: Queryable, model: string, key: Key): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*) as count from orchestra.change
     where model = $1 and exists (select from jsonb_array_elements(keys) as key where key = $2::jsonb)`,
    [model, JSON.stringify(key)],
  )
  return row?.count ?? 0
}

export async function objectsAmong(
  db: Queryable,
  objects: readonly { model: string; key: Key }[],
): Promise<{ model: string; key: Key }[]> {
  if (objects.length === 0) return []
  return db.query<{ model: string; key: Key }>(
    `select distinct c.model, one.key from orchestra.change c
     cross join lateral jsonb_array_elements(c.keys) as one(key)
     join jsonb_to_recordset($1::jsonb) as asked(model text, key jsonb) on asked.model = c.model and asked.key = one.key
     where c.action in ('save', 'delete') and c.backend is null`,
    [JSON.stringify(objects.map(({ model, key }) => ({ model, key })))],
  )
}

export async function waitingOf(
  db: Queryable,
  objects: readonly { model: string; key: Key }[],
): Promise<(WaitingObject | null)[]> {
  const asked = objects.map(({ model, key }, n) => ({ n, model, key }))
  const rows = await db.query<WaitingObject & { n: number }>(WAITING_OBJECTS, [JSON.stringify(asked)])
  const found = new Map(rows.map(({ n, ...waiting }) => [n, waiting]))
  return asked.map(({ n }) => found.get(n) ?? null)
}

/** Changes that are looked through. */
const MOST_CHANGES = 10_000

const WAITING_OBJECTS = `
select asked.n, max(c.at) as at, (array_agg(c.action = 'delete' order by c.id desc))[1] as removes, bool_or(c.attempt > 0) as failing
from (select * from orchestra.change order by id desc limit ${MOST_CHANGES}) c
cross join lateral jsonb_array_elements(c.keys) as one(key)
join jsonb_to_recordset($1::jsonb) as asked(n integer, model text, key jsonb) on asked.model = c.model and asked.key = one.key
where c.action in ('save', 'delete') group by asked.n`

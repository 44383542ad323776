import { type Narrowed, queryWith, seenRows } from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import { isUnitId } from './unit-id.ts'

/** What goes by a name, a number or the beginning of it, of each kind at most so many. */
export interface Found {
  servers: string[]
  /** `model:key`, with a name that it goes by on a server. */
  objects: { object: string; identity: string }[]
  units: string[]
  logs: number[]
}

interface Wanted extends Pick<Narrowed, 'visible'> {
  text: string
  limit: number
}

/** Looks for a text where an index leads to it, however much there is. */
export async function find(db: Queryable, wanted: Wanted): Promise<Found> {
  return {
    servers: await serversLike(db, wanted),
    objects: await objectsLike(db, wanted),
    units: await unitsLike(db, wanted),
    logs: await logsLike(db, wanted),
  }
}

async function serversLike(db: Queryable, wanted: Wanted): Promise<string[]> {
  const { text, limit } = wanted
  const rows = await queryWith<{ name: string }>(
    db,
    (parameter, all) => `
select server.name from orchestra.server
where server.removed_at is null and position(lower(${parameter(text)}::text) in lower(server.name || ' ' || server.host)) > 0
  and ${all([seenRows(wanted, 'server', 'server')])}
order by server.name limit ${parameter(limit)}`,
  )
  return rows.map(({ name }) => name)
}

const OBJECT = `placement.model || ':' || placement.object_key`
const INDEXED = `left(${OBJECT}, 200) collate "C"`

/** By the beginning of `model:key`, by the whole key, or by the whole name on a server. */
function objectsLike(db: Queryable, wanted: Wanted): Promise<Found['objects']> {
  const { text, limit } = wanted
  return queryWith(db, (parameter, all) => {
    const name = `${parameter(text)}::text`
    const seen = all([seenRows(wanted, 'placement', 'placement')])
    const some = (condition: string) => `
  (select ${OBJECT} as object, placement.identity from orchestra.placement
   where ${condition} and ${seen} limit ${parameter(limit)})`
    return `
select object, min(identity) as identity from (
  ${[
    some(`${INDEXED} >= left(${name}, 200) and ${INDEXED} < left(${name}, 199) || chr(1114111)
    and starts_with(${OBJECT}, ${name})`),
    some(`placement.key_hash = md5(${name})::uuid and placement.object_key = ${name}`),
    some(`md5(placement.identity) = md5(${name}) and placement.identity = ${name}`),
  ].join('\n  union all')}
) as found group by object order by object limit ${parameter(limit)}`
  })
}

async function unitsLike(db: Queryable, wanted: Wanted): Promise<string[]> {
  const { text, limit } = wanted
  if (!isUnitId(text)) return []
  const digits = text.replaceAll('-', '').toLowerCase()
  const rows = await queryWith<{ id: string }>(
    db,
    (parameter, all) => `
select unit.id from orchestra.unit
where unit.id between ${parameter(digits.padEnd(32, '0'))}::uuid and ${parameter(digits.padEnd(32, 'f'))}::uuid
  and ${all([seenRows(wanted, 'unit', 'unit')])} order by unit.id limit ${parameter(limit)}`,
  )
  return rows.map(({ id }) => id)
}

async function logsLike(db: Queryable, wanted: Wanted): Promise<number[]> {
  const { text } = wanted
  if (!/^\d{1,15}$/.test(text)) return []
  const rows = await queryWith<{ id: number }>(
    db,
    (parameter, all) =>
      `select log.id from orchestra.log where log.id = ${parameter(Number(text))} and ${all([seenRows(wanted, 'log', 'log')])}`,
  )
  return rows.map(({ id }) => id)
}

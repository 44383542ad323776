import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import {
  type Condition,
  type Counted,
  MOST_COUNTED,
  type Narrowed,
  queryWith,
  readCursor,
  seenRows,
  writeCursor,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import { INDEXED, OBJECT, type placementStates, TABLES } from './placement.ts'

/** An object that stands somewhere, or is to, as far as whoever asks may see its places. */
export interface ObjectView {
  /** `model:key` */
  object: string
  /** What it is called on servers; the first of its names where it has several. */
  identity: string
  /** Where it stands or is to: one for each backend and server. */
  places: number
  /** How many of them are in each state. */
  states: Record<(typeof placementStates)[number], number>
  /** Those where something is still to be done, and of these those where it was tried in vain. */
  open: number
  failing: number
  /** When something of it was applied last, ISO 8601. */
  appliedAt: string | null
}

export interface ObjectSearch extends Narrowed {
  limit: number
  /** Behind the object that this was made of by `objectCursor`. */
  after?: string | undefined
}

/** Objects of which a placement fits, in their order. */
export function listObjects(db: Queryable, search: ObjectSearch): Promise<ObjectView[]> {
  const { limit, after } = search
  const place = after === undefined ? [] : [behind(objectBehind(after))]
  return queryWith<ObjectView>(
    db,
    (parameter, all) => `
with named as (${distinct(all([...place, ...conditionsOf(search)]))} limit ${parameter(limit)})
select named.object, own.* from named cross join lateral (
  select min(placement.identity) as identity, count(*)::int as places, ${STATES} as states,
    ${countOf('placement.open')} as open, ${countOf('placement.open and placement.attempt > 0')} as failing,
    ${isoTime('max(placement.applied_at)')} as "appliedAt"
  from orchestra.placement
  where placement.key_hash = named.key_hash and placement.model = named.model and placement.object_key = named.object_key
    and ${all([seenRows(search, 'placement', 'placement')])}
) as own order by named.indexed, named.object`,
  )
}

/** How many objects fit, as far as anybody would count them. */
export async function countObjects(db: Queryable, search: Narrowed): Promise<Counted> {
  const [row] = await queryWith<{ count: number }>(
    db,
    (_, all) =>
      `select count(*)::int as count from (${distinct(all(conditionsOf(search)))} limit ${MOST_COUNTED + 1}) as counted`,
  )
  const count = row?.count ?? 0
  return { count: Math.min(count, MOST_COUNTED), countIsExact: count <= MOST_COUNTED }
}

/** Where a list goes on behind an object. */
export function objectCursor({ object }: Pick<ObjectView, 'object'>): string {
  return writeCursor([object])
}

function objectBehind(cursor: string): string {
  const [object] = readCursor(cursor, 1) ?? []
  if (object !== undefined) return object
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(cursor)} is not where a list of objects ended`, {
    hint: 'Give what the page before told',
  })
}

function conditionsOf(search: Narrowed): Condition[] {
  return [seenRows(search, 'placement', 'placement'), ...(search.where ?? [])]
}

/** Each object once, in the order of the index, so that reading ends where a page does. */
function distinct(conditions: string): string {
  return `
  select distinct on (indexed, object) ${INDEXED} as indexed, (${OBJECT}) collate "C" as object, placement.model,
    placement.object_key, placement.key_hash
  from ${TABLES} where ${conditions} order by indexed, object`
}

function behind(object: string): Condition {
  return (parameter) => {
    const last = `${parameter(object)}::text`
    return `((${OBJECT}) collate "C" > ${last} and ${INDEXED} >= left(${last}, 200))`
  }
}

function countOf(condition: string): string {
  return `(count(*) filter (where ${condition}))::int`
}

const STATES = `jsonb_build_object('pending', ${ofState('pending')}, 'applied', ${ofState('applied')},
    'failed', ${ofState('failed')}, 'deleting', ${ofState('deleting')}, 'kept', ${ofState('kept')})`

function ofState(state: (typeof placementStates)[number]): string {
  return countOf(`placement.state = '${state}'`)
}

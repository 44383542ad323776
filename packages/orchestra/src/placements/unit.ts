import { isoTime } from '../logs/index.ts'
import type { Queryable } from '../store/index.ts'
import { type OperationView, readOperations } from './operation.ts'
import { readTails } from './tail.ts'

/**
 * `collecting`: changes are committed and not operations yet. `pending`: something waits or runs. `failing`: all that is left
 * has failed and waits to be tried again, or for a person. `settled`: every operation has ended. `untouched`: no change was
 * recorded under this unit.
 */
export type UnitState = 'collecting' | 'pending' | 'failing' | 'settled' | 'untouched'

/** What became of one operation of a unit; a superseded one ends with the one that took its place, possibly of another unit. */
export interface UnitOperation extends OperationView {
  /** The operation that the other fields tell of, when it is not this one. */
  supersededBy: number | null
  /** The end of its output, when it failed. */
  outputTail: string | null
}

export interface UnitStatus {
  id: string
  actor: string | null
  source: string | null
  /** Database users who were logged in where it was written, whatever actor was named. */
  logins: string[]
  createdAt: string
  state: UnitState
  /** Why the collector could not look at its changes yet, or why there are none. */
  error: string | null
  operations: UnitOperation[]
}

/** What became of all that one unit changed; undefined when no such unit is known. */
export async function unitStatus(store: Queryable, unitId: string): Promise<UnitStatus | undefined> {
  const unit = await readUnit(store, unitId)
  if (unit === undefined) return undefined
  const heirs = await store.query<Heir>(HEIRS, [unitId])
  const lastIds = [...new Set(heirs.map((heir) => heir.lastId))]
  const operations = await readOperations(store, 'operation.id = any($1::bigint[])', [lastIds])
  const tails = await readTails(
    store,
    operations.filter(hasFailed).map((operation) => operation.id),
  )
  const byId = new Map(operations.map((operation) => [operation.id, operation]))
  const joined = newestOfEach(
    heirs.flatMap((heir) => inherit(heir, byId.get(heir.lastId), tails.get(heir.lastId) ?? null)),
  )
  const { isCollecting, ...known } = unit
  return { ...known, state: stateOf(isCollecting, joined), operations: joined }
}

interface Heir {
  id: number
  lastId: number
}

function inherit(heir: Heir, last: OperationView | undefined, outputTail: string | null): UnitOperation[] {
  if (last === undefined) return []
  const supersededBy = heir.lastId === heir.id ? null : heir.lastId
  return [{ ...last, id: heir.id, supersededBy, outputTail }]
}

/** A unit of several transactions may be collected in pieces: of one object on one server only the last piece counts. */
function newestOfEach(operations: readonly UnitOperation[]): UnitOperation[] {
  const newest = new Map<string, UnitOperation>()
  for (const operation of operations) newest.set(subjectOf(operation), operation)
  return operations.filter((operation) => newest.get(subjectOf(operation)) === operation)
}

function subjectOf({ backend, server, object, action }: UnitOperation): string {
  return JSON.stringify([backend, server, object, action === 'delete' ? 'save' : action])
}

function stateOf(isCollecting: boolean, operations: readonly OperationView[]): UnitState {
  if (isCollecting) return 'collecting'
  const open = operations.filter(
    (operation) => operation.state === 'waiting' || operation.state === 'running',
  )
  if (open.length === 0) return 'settled'
  return open.every(isStuck) ? 'failing' : 'pending'
}

function isStuck(operation: OperationView): boolean {
  const kind = operation.waitsFor?.kind
  return operation.state === 'waiting' && kind !== 'turn' && kind !== 'no-worker'
}

function hasFailed({ outcome }: OperationView): boolean {
  return outcome !== null && outcome !== 'success' && outcome !== 'nothing'
}

type KnownUnit = Pick<UnitStatus, 'id' | 'actor' | 'source' | 'logins' | 'createdAt' | 'error'> & {
  isCollecting: boolean
}

async function readUnit(store: Queryable, unitId: string): Promise<KnownUnit | undefined> {
  const [unit] = await store.query<KnownUnit>(UNIT, [unitId])
  return unit
}

/** Of a change that no trigger could name: it waits until its model is captured as it is defined. */
const TO_BE_COMPARED = `max(case when action = 'compare'
  then 'what changed of model ' || model || ' could not be told: its objects are compared as soon as its definition fits its table' end)`

/** Before it is collected a unit is known by its changes only. */
const UNIT = `
with changes as (
  select min(actor) as actor, nullif(min(source), '') as source, min(at) as created_at, coalesce(max(error), ${TO_BE_COMPARED}) as error,
    coalesce(array_agg(distinct login) filter (where login is not null), '{}') as logins, count(*) > 0 as any
  from orchestra.change where unit_id = $1::uuid
)
select $1::uuid as id, coalesce(unit.actor, changes.actor) as actor, coalesce(unit.source, changes.source) as source,
  array(select distinct unnest(unit.logins || changes.logins) order by 1) as logins,
  ${isoTime('coalesce(unit.created_at, changes.created_at)')} as "createdAt", changes.error, changes.any as "isCollecting"
from changes left join orchestra.unit on unit.id = $1::uuid
where changes.any or unit.id is not null`

const HEIRS = `
with recursive heir as (
  select id, id as last_id, superseded_by from orchestra.operation where unit_id = $1
  union
  select heir.id, next.id, next.superseded_by
  from heir join orchestra.operation as next on next.id = heir.superseded_by
)
select id, max(last_id) as "lastId" from heir group by id order by id`

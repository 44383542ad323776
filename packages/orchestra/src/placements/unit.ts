import { isoTime } from '../logs/index.ts'
import { isOfUnit } from '../operations/of-unit.ts'
import { changesIn, type WaitingUnit } from '../source/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import type { Knowing } from './asked.ts'
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
  /** The unit whose later state of the object the other fields tell of, when another changed it before this one's was applied. */
  carriedBy: string | null
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

/**
 * What became of all that one unit changed; undefined when no such unit is known.
 * @param visible the operations that somebody may see; left out for all
 */
export async function unitStatus(
  store: Queryable,
  unitId: string,
  knowing?: Knowing,
  visible?: Narrowing,
  /** Whose output somebody may read; left out for all. */
  readable?: Narrowing,
): Promise<UnitStatus | undefined> {
  const waiting = await changesIn(store).unit(unitId)
  const unit = join(await readUnit(store, unitId), waiting)
  if (unit === undefined) return undefined
  const heirs = await store.query<Heir>(HEIRS, [unitId])
  const lastIds = [...new Set(heirs.map((heir) => heir.lastId))]
  const values: unknown[] = [lastIds]
  const seen = narrowed(visible, 'operation', 'operation', values)
  const operations = await readOperations(
    store,
    `operation.id = any($1::bigint[]) and ${seen}`,
    values,
    knowing,
  )
  const tails = await readTails(store, await withOutput(store, operations.filter(hasFailed), readable))
  const byId = new Map(operations.map((operation) => [operation.id, operation]))
  const joined = newestOfEach(
    heirs.flatMap((heir) => inherit(unitId, heir, byId.get(heir.lastId), tails.get(heir.lastId) ?? null)),
  )
  return {
    id: unitId.toLowerCase(),
    ...unit,
    state: stateOf(waiting !== undefined, joined),
    operations: joined,
  }
}

/** Those of which somebody may read what their scripts printed. */
async function withOutput(
  store: Queryable,
  operations: readonly OperationView[],
  readable: Narrowing | undefined,
): Promise<number[]> {
  // The application waits for its units with rights on no table of logs.
  if (readable === undefined) return operations.map(({ id }) => id)
  const values: unknown[] = [operations.map(({ logId }) => logId)]
  const seen = narrowed(readable, 'log', 'log', values)
  const rows = await store.query<{ id: number }>(
    `select id from orchestra.log where id = any($1::bigint[]) and ${seen}`,
    values,
  )
  const logs = new Set(rows.map(({ id }) => id))
  return operations.filter(({ logId }) => logId !== null && logs.has(logId)).map(({ id }) => id)
}

interface Heir {
  id: number
  lastId: number
}

function inherit(
  unitId: string,
  heir: Heir,
  last: OperationView | undefined,
  outputTail: string | null,
): UnitOperation[] {
  if (last === undefined) return []
  const supersededBy = heir.lastId === heir.id ? null : heir.lastId
  const carriedBy = last.unitId === unitId ? null : last.unitId
  return [{ ...last, id: heir.id, supersededBy, carriedBy, outputTail }]
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

type KnownUnit = Pick<UnitStatus, 'actor' | 'source' | 'logins' | 'createdAt'>

async function readUnit(store: Queryable, unitId: string): Promise<KnownUnit | undefined> {
  const [unit] = await store.query<KnownUnit>(UNIT, [unitId])
  return unit
}

const UNIT = `
select actor, source, logins, ${isoTime('created_at')} as "createdAt" from orchestra.unit where id = $1::uuid`

/** Before it is collected a unit is known by its changes only. */
function join(
  known: KnownUnit | undefined,
  waiting: WaitingUnit | undefined,
): (KnownUnit & Pick<UnitStatus, 'error'>) | undefined {
  if (waiting === undefined) return known === undefined ? undefined : { ...known, error: null }
  return {
    actor: known?.actor ?? waiting.actor,
    source: known?.source ?? waiting.source,
    logins: [...new Set([...(known?.logins ?? []), ...waiting.logins])].sort(),
    createdAt: known?.createdAt ?? waiting.at.toISOString(),
    error: waiting.error ?? (waiting.untold === null ? null : untoldText(waiting.untold)),
  }
}

/** Of a change that no trigger could name: it waits until its model is captured as it is defined. */
function untoldText(model: string): string {
  return `what changed of model ${model} could not be told: its objects are compared as soon as its definition fits its table`
}

/** What took the place of one may have waited before it was made: the numbers tell no order. */
const HEIRS = `
with recursive heir as (
  select id, id as last_id, superseded_by, 0 as nth from orchestra.operation where ${isOfUnit('operation', '$1::uuid')}
  union all
  select heir.id, next.id, next.superseded_by, heir.nth + 1
  from heir join orchestra.operation as next on next.id = heir.superseded_by
)
select distinct on (id) id, last_id as "lastId" from heir order by id, nth desc`

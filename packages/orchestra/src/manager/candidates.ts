import type { Config } from '../config/config.ts'
import {
  lockFree,
  lockPlaces,
  type Next,
  next,
  PLACE_COLUMNS,
  PLACE_ORDER,
  type PlaceRow,
  placesNamed,
  rulesOf,
  type Stored,
} from '../places/index.ts'
import { often, type Queryable } from '../store/index.ts'
import { type DueRow, withoutForsaken } from './forsaken.ts'
import { Neighbours, namesOf } from './neighbours.ts'
import { lostIn, unbegin } from './unbegun.ts'

/** Bytes of objects, as they are stored, that a claim takes for each place that it may take: 64 MB for the most that one ever takes. */
const BYTES_A_PLACE = 6_700
/** Names that wait for names that wait for names: a circle is not longer. */
const CIRCLE = 64

/** What may be done on a server now, and what it takes to tell. */
export interface Candidates {
  due: readonly Stored[]
  neighbours: Neighbours
  /** What is not due and moves with what is. */
  members: readonly Stored[]
  /** Members of circles that somebody else has just now. */
  busy: ReadonlySet<string>
  /** Behind the last of them; null where there are no more but for what is tried alone. */
  next: Position | null
  /** When not empty, what is to be handed back before anything can be told. */
  lost: readonly number[]
}

/** Where one page of what is due ends. */
export interface Position {
  generation: number
  operationId: number
}

export interface Sought {
  serverId: number
  backends: readonly string[]
  most: number
  /** Default from the first on. */
  after?: Position
}

/**
 * Locks the places of a server that are due, oldest decision first, and reads what bears on them.
 */
export async function readCandidates(
  tx: Queryable,
  { serverId, backends, most, after }: Sought,
  config: Config,
): Promise<Candidates> {
  const found = await tx.query<DueRow>(often(CANDIDATES), [
    serverId,
    backends,
    most,
    after?.generation ?? null,
    after?.operationId ?? null,
  ])
  const lost = await lostIn(tx, found)
  if (lost.length > 0)
    return {
      due: [],
      neighbours: new Neighbours([], () => false),
      members: [],
      busy: new Set(),
      next: null,
      lost,
    }
  const rows = await withoutForsaken(tx, found, config)
  const chosen = withinBytes(rows.sort(byDecision), most * BYTES_A_PLACE)
  const due = await unbegin(tx, chosen, config)
  const neighbours = await neighboursOf(tx, due, config)
  const { members, busy } = await lockCircles(tx, due, neighbours, config)
  return {
    due,
    neighbours,
    members,
    busy,
    next: chosen.length < most && chosen.length === rows.length ? null : positionOf(chosen.at(-1)),
    lost,
  }
}

/** Places with all that bears on them: of their objects, and of other objects with their names. */
export async function neighboursOf(
  db: Queryable,
  due: readonly Stored[],
  config: Pick<Config, 'backends'>,
): Promise<Neighbours> {
  const siblings = await siblingsOf(db, due, config)
  const hasNames = (backend: string) => config.backends.get(backend)?.sync === undefined
  const neighbours = new Neighbours([...siblings, ...due], hasNames)
  for (const own of Map.groupBy(due, ({ row }) => `${row.server_id} ${row.backend}`).values()) {
    const [first] = own
    if (first === undefined || !hasNames(first.row.backend)) continue
    const { backend, server_id: serverId } = first.row
    await addRivals(db, { backend, serverId }, own, neighbours)
  }
  return neighbours
}

function positionOf(row: PlaceRow | undefined): Position | null {
  if (row === undefined || row.alone) return null
  return { generation: row.generation, operationId: row.operation_id ?? 0 }
}

/**
 * What moves in a circle with what is due is locked with it. Whoever holds one of them just now decides about it: then the circle
 * is looked at again.
 */
async function lockCircles(
  tx: Queryable,
  due: readonly Stored[],
  neighbours: Neighbours,
  config: Config,
): Promise<Pick<Candidates, 'members' | 'busy'>> {
  const now = Date.now()
  const others = new Map<string, Stored>()
  for (const one of due.filter(isToMove)) {
    const stored = neighbours.get(one)
    const step = next(
      stored.place,
      neighbours.around(stored),
      rulesOf(config.backends.get(stored.row.backend)),
      now,
    )
    for (const member of membersOf(stored, step, neighbours)) others.set(nameOf(member), member)
  }
  for (const one of due) others.delete(nameOf(one))
  const locked = await lockFree(
    tx,
    [...others.values()].map(({ row }) => row),
  )
  for (const one of locked) {
    neighbours.put(one)
    others.delete(nameOf(one))
  }
  return { members: locked, busy: new Set(others.keys()) }
}

/** Whether it stands there, and is to get another name. */
function isToMove({ place: { want, names } }: Stored): boolean {
  return (
    want.kind === 'stand' && names.length > 0 && names.every(({ identity }) => identity !== want.identity)
  )
}

/** Objects that move together with one, in this step. */
export function membersOf(stored: Stored, step: Next, neighbours: Neighbours): Stored[] {
  if (step.do !== 'rename' || step.circle.length === 0) return [stored]
  const others = neighbours.rivals(stored).filter(({ place }) => step.circle.includes(place.object))
  return [stored, ...others]
}

/** What of a place names it on its server. */
export function nameOf({ row: { backend, model, object_key: key } }: Stored): string {
  return JSON.stringify([backend, model, key])
}

const CANDIDATES = `
select ${PLACE_COLUMNS}, (select coalesce(pg_column_size(o.snapshot), 0) from orchestra.operation o where o.id = p.operation_id) as bytes
from orchestra.placement p
where (p.key_hash, p.model, p.backend, p.server_id) in (
  select q.key_hash, q.model, q.backend, q.server_id from orchestra.placement q
  where q.server_id = $1 and q.open and not q.held and q.backend = any($2::text[])
    and (q.due_at <= statement_timestamp() or q.trying is not null)
    and (q.trying #>> '{step,do}') is distinct from 'receive'
    and ($4::bigint is null or (not q.alone and (q.generation, coalesce(q.operation_id, 0)) > ($4::bigint, $5::bigint)))
  order by q.alone, q.generation, coalesce(q.operation_id, 0) limit $3)
  and p.open
order by ${PLACE_ORDER} for no key update of p`

/** What is tried alone comes last. */
function byDecision(one: PlaceRow, other: PlaceRow): number {
  return (
    Number(one.alone) - Number(other.alone) ||
    one.generation - other.generation ||
    (one.operation_id ?? 0) - (other.operation_id ?? 0)
  )
}

function withinBytes<Row extends { bytes: number | null }>(rows: readonly Row[], most: number): Row[] {
  let bytes = 0
  return rows.filter((row, index) => {
    bytes += row.bytes ?? 0
    return index === 0 || bytes <= most
  })
}

/** What leaves waits for what comes; data comes from what leaves. */
async function siblingsOf(
  tx: Queryable,
  due: readonly Stored[],
  config: Pick<Config, 'backends'>,
): Promise<Stored[]> {
  const asked = due.filter(
    ({ row, place }) => place.want.kind === 'leave' || config.backends.get(row.backend)?.onMove === 'migrate',
  )
  return lockPlaces(
    tx,
    asked.map(({ row }) => row),
    'read',
  )
}

/** Who has or wants a name that one of them is to get, or may have; and what those want, as far as names go round. */
async function addRivals(
  tx: Queryable,
  lane: { backend: string; serverId: number },
  due: readonly Stored[],
  neighbours: Neighbours,
): Promise<void> {
  const known = new Set<string>()
  let asked = due.flatMap(contestable)
  for (let round = 0; asked.length > 0 && round < CIRCLE; round += 1) {
    for (const name of asked) known.add(name)
    const found = await placesNamed(tx, lane, asked)
    const fresh = found.filter((one) => neighbours.get(one) === one)
    for (const one of fresh) neighbours.put(one)
    asked = fresh.flatMap(({ place }) => namesOf(place)).filter((name) => !known.has(name))
  }
}

/** Names that it does not surely have. */
function contestable({ place }: Stored): string[] {
  const sure = place.names.filter(({ state }) => state === 'stands').map(({ identity }) => identity)
  return namesOf(place).filter((name) => !sure.includes(name))
}

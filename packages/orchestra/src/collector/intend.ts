import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import {
  cancelTransfers,
  type Departure,
  destination,
  familyName,
  lockOnly,
  lockPlaces,
  next,
  openTransfers,
  type PlaceRow,
  placeName,
  removePlaces,
  rulesOf,
  type Stored,
  type Written,
  wakeWaiting,
  writePlaces,
} from '../places/index.ts'
import { often, type Queryable, send } from '../store/index.ts'
import type { Decision } from './decision.ts'
import { isPlaced, type Outcome, outcomesOf, type PlacedDecision, toObject } from './outcomes.ts'

interface Change {
  row: PlaceRow
  /** Null where an operation tells nothing of it. */
  decision: PlacedDecision | null
}

/** What decisions mean for the places, not yet written. */
export interface Intended {
  changed: readonly Change[]
  gone: readonly PlaceRow[]
  /** Decisions of which nothing is left to do. */
  needless: ReadonlySet<Decision>
  /** The operations that places wait for till now, of the decisions about these places. */
  awaited: ReadonlyMap<Decision, number>
  departures: readonly Departure[]
}

/** Locks what is written in several portions before the first of them, because everybody locks places in one order. */
export async function lockInOrder(tx: Queryable, decisions: readonly Decision[]): Promise<void> {
  await lockOnly(tx, decisions.filter(isPlaced).map(toObject))
}

/** Reads the places that decisions are about, locked, and decides what becomes of them. */
export async function intendPlaces(
  tx: Queryable,
  decisions: readonly Decision[],
  { backends }: Pick<Config, 'backends'>,
): Promise<Intended> {
  const placed = decisions.filter(isPlaced)
  if (placed.length === 0)
    return { changed: [], gone: [], needless: new Set(), awaited: new Map(), departures: [] }
  // Who decides by a ticket alone gives these places numbers, so it is later than all that they have.
  const [stored, generation] = await Promise.all([lockWithNew(tx, placed), nextDecision(tx)])
  const places = Map.groupBy(stored, ({ row }) => familyName(row))
  const changed: Change[] = []
  const gone: PlaceRow[] = []
  const departures: Departure[] = []
  const needless = new Set<Decision>()
  const awaited = new Map<Decision, number>()
  for (const [object, own] of Map.groupBy(placed, (one) => familyName(toObject(one)))) {
    const known = places.get(object) ?? []
    for (const one of own) if (!isThere(one, known)) needless.add(one)
    const outcomes = outcomesOf(known, own, backends.get(own[0]?.backend ?? ''), generation)
    departures.push(...departuresOf(outcomes, backends.get(own[0]?.backend ?? '')))
    for (const one of outcomes.filter(isChanged)) {
      if (one.place !== undefined) changed.push({ row: one.row, decision: one.decision })
      else gone.push(one.row)
      if (one.decision === null) continue
      if (one.place === undefined) needless.add(one.decision)
      if (one.row.operation_id !== null) awaited.set(one.decision, one.row.operation_id)
    }
  }
  return { changed, gone, needless, awaited, departures }
}

/**
 * All places of what is decided about, locked. Of what stood when it was looked at the place is there: only where its server has ended
 * it since, it is made anew.
 */
async function lockWithNew(tx: Queryable, placed: readonly PlacedDecision[]): Promise<Stored[]> {
  const objects = placed.map(toObject)
  const saves = placed.filter(({ action }) => action === 'save')
  await addPlaces(
    tx,
    saves.filter(({ kind }) => kind === 'create'),
  )
  const stored = await lockPlaces(tx, objects)
  const known = new Set(stored.map(({ row }) => placeName(row)))
  const missing = saves.filter((one) => !known.has(placeName({ ...toObject(one), server_id: one.serverId })))
  if (missing.length === 0) return stored
  await addPlaces(tx, missing)
  return lockPlaces(tx, objects)
}

async function nextDecision(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ generation: number }>(`select nextval('orchestra.decision') as generation`)
  return row?.generation ?? 0
}

/** What was to leave has left since it was looked at. */
function isThere({ serverId }: PlacedDecision, known: readonly Stored[]): boolean {
  return known.some(({ row }) => row.server_id === serverId)
}

function isChanged({ place, before, decision }: Outcome): boolean {
  return place !== before || decision !== null
}

/** Data that is to go on its way now. */
function departuresOf(outcomes: readonly Outcome[], backend: Backend | undefined): Departure[] {
  if (backend?.onMove !== 'migrate') return []
  const places = outcomes.flatMap(({ place }) => place ?? [])
  return outcomes.flatMap(({ row, place }) => {
    if (place === undefined) return []
    const siblings = places.filter((one) => one !== place)
    const to = destination(place, next(place, { siblings, rivals: [] }, rulesOf(backend), Date.now()))
    return to === null ? [] : [{ row, to }]
  })
}

/** In the order in which everybody locks places. */
async function addPlaces(tx: Queryable, saves: readonly PlacedDecision[]): Promise<void> {
  if (saves.length === 0) return
  await send(tx, often(ADD), [
    JSON.stringify(
      saves.map((one) => ({
        ...toObject(one),
        server_id: one.serverId,
        keys: one.key,
        identity: one.identity,
      })),
    ),
  ])
}

const ADD = `
insert into orchestra.placement as p (backend, server_id, model, object_key, keys, identity, want, policy, stopped)
select backend, server_id, model, object_key, keys, identity, 'leave', 'remove', -1
from jsonb_to_recordset($1::jsonb)
  as s(backend text, server_id int, model text, object_key text, keys jsonb, identity text)
order by md5(object_key)::uuid, model, backend, server_id
on conflict do nothing`

/** Writes it, with the operations that tell of it, and lets whoever waited for one of these places look again. */
export async function writeIntended(
  tx: Queryable,
  { changed, gone, departures }: Intended,
  operationOf: (decision: Decision) => number | null,
): Promise<void> {
  const written = changed.map(({ row, decision }): Written => {
    if (decision === null) return { row: { ...row, due: Number.NEGATIVE_INFINITY } }
    const isWork = decision.leave !== 'keep' && ['waiting', 'held'].includes(decision.fate.kind)
    return {
      row: { ...row, due: Number.NEGATIVE_INFINITY, operation_id: isWork ? operationOf(decision) : null },
    }
  })
  await writePlaces(tx, written)
  await removePlaces(tx, gone)
  const rows = [...changed.map(({ row }) => row), ...gone]
  await wakeWaiting(tx, { objects: [], names: rows })
  await cancelTransfers(tx, rows)
  await openTransfers(tx, departures)
}

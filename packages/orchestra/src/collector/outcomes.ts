import type { Backend } from '../config/backend.ts'
import { formatKey } from '../config/key.ts'
import {
  intend,
  type Next,
  next,
  type Place,
  type PlaceRow,
  retry,
  rulesOf,
  type Stored,
  serverName,
  toRow,
  toStored,
  type Want,
} from '../places/index.ts'
import type { Decision } from './decision.ts'

/** A decision that concerns one place. */
export type PlacedDecision = Decision & { backend: string; serverId: number }

/** A place as it was, and as it is to be; undefined where nothing is left of it. */
export interface Outcome {
  row: PlaceRow
  before: Place
  place: Place | undefined
  /** Null where no decision is about it. */
  decision: PlacedDecision | null
}

/** Later than every number that was given out. */
export const FUTURE = Number.MAX_SAFE_INTEGER

export function isPlaced(decision: Decision): decision is PlacedDecision {
  const { backend, serverId, action, identity } = decision
  if (backend === null || serverId === null) return false
  return (action === 'save' && identity !== null) || action === 'delete'
}

export function toObject({ model, key, backend }: PlacedDecision) {
  return { model, object_key: formatKey(key), backend }
}

/**
 * What decisions make of the places of one object of one backend.
 * @param stored all places of it, also those that come about by the decisions
 */
export function outcomesOf(
  stored: readonly Stored[],
  decisions: readonly PlacedDecision[],
  backend: Backend | undefined,
  generation: number,
): Outcome[] {
  const asked = stored.map((one) => (isStopped(one, decisions) ? { ...one, place: retry(one.place) } : one))
  const wants = new Map(decisions.map((one) => [serverName(one.serverId), wantOf(one, stored)] as const))
  const [first] = stored
  if (first === undefined) return []
  const places = asked.map(({ place }) => place)
  const after = new Map(
    intend(first.place.object, places, wants, rulesOf(backend), generation).map((place) => [
      place.server,
      place,
    ]),
  )
  return stored.map(({ row, place: before }): Outcome => {
    const decision = decisions.find((one) => one.serverId === row.server_id) ?? null
    const place = decision?.fate.kind === 'nothing' ? undefined : after.get(before.server)
    if (place === undefined) return { row, before, place, decision }
    return {
      row: place === before && decision === null ? row : rowOf(row, place, decision),
      before,
      place,
      decision,
    }
  })
}

/** What was cancelled is done when it is decided once more. */
function isStopped({ row, place }: Stored, decisions: readonly PlacedDecision[]): boolean {
  return place.stopped === place.generation && decisions.some(({ serverId }) => serverId === row.server_id)
}

function rowOf(before: PlaceRow, place: Place, decision: PlacedDecision | null): PlaceRow {
  const row = toRow({ row: before, place })
  if (decision === null) return row
  const isUntouched = row.names.length === 0 && row.want_identity !== null
  return {
    ...row,
    held: decision.fate.kind === 'held',
    identity: isUntouched ? (row.want_identity ?? row.identity) : row.identity,
    alone: false,
  }
}

function wantOf(decision: PlacedDecision, stored: readonly Stored[]): Want {
  const { action, identity, leave, serverId } = decision
  if (action === 'delete') return { kind: 'leave', policy: leave ?? 'remove' }
  const here = stored.find(({ row }) => row.server_id === serverId)
  const incarnation = here === undefined ? 0 : incarnationOf(here.row, decision.standing)
  return { kind: 'stand', identity: identity ?? '', revision: '', incarnation }
}

/** What stands of another object is of an earlier one; places are not compared with each other. */
function incarnationOf({ incarnation, names }: PlaceRow, standing: Decision['standing']): number {
  return standing === 'own'
    ? incarnation
    : Math.max(incarnation, ...names.map((name) => name.incarnation + 1))
}

/** The places of an object, with those that decisions begin. */
export function withBegun(stored: readonly Stored[], decisions: readonly PlacedDecision[]): Stored[] {
  const begun = decisions.filter(
    ({ action, serverId }) => action === 'save' && stored.every(({ row }) => row.server_id !== serverId),
  )
  return [...stored, ...begun.map((one) => toStored(emptyRow(one)))]
}

/** As a place is in the store before anything is wanted there. */
function emptyRow(decision: PlacedDecision): PlaceRow {
  return {
    ...toObject(decision),
    server_id: decision.serverId,
    keys: decision.key,
    generation: 0,
    want: 'leave',
    policy: 'remove',
    want_identity: null,
    incarnation: 0,
    claim: 0,
    operation_id: null,
    held: false,
    trying: null,
    stands: null,
    names: [],
    data: 'awaits',
    attempt: 0,
    due: Number.NEGATIVE_INFINITY,
    stopped: -1,
    forgotten: false,
    waited: null,
    alone: false,
    identity: decision.identity ?? '',
    applied: false,
    unmarked: false,
    protection: null,
  }
}

/** What comes next where a decision is about, as far as the places of its object tell. */
export interface Foreseen {
  place: Place
  next: Next
}

/** Asks it of each decision, as if all that runs had ended and what may be there were there. */
export function foresee(
  stored: readonly Stored[],
  decisions: readonly Decision[],
  backend: Backend,
): Map<Decision, Foreseen> {
  const placed = decisions.filter(isPlaced)
  const outcomes = outcomesOf(withBegun(stored, placed), placed, backend, FUTURE)
  const places = outcomes.flatMap(({ place, decision }) =>
    place === undefined ? [] : [{ place: settled(place), decision }],
  )
  return new Map(
    places.flatMap(({ place, decision }) => {
      if (decision === null) return []
      const siblings = places.filter((one) => one.place !== place).map((one) => one.place)
      const answer = next(place, { siblings, rivals: [] }, rulesOf(backend), Number.POSITIVE_INFINITY)
      return [[decision, { place, next: answer }] as const]
    }),
  )
}

function settled(place: Place): Place {
  const names = place.names.map((name) =>
    name.state === 'maybe' ? ({ ...name, state: 'stands' } as const) : name,
  )
  return { ...place, names, trying: null }
}

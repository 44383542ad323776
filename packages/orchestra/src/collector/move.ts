import type { Backend } from '../config/backend.ts'
import type { Placed } from './placed.ts'

/** What becomes of the copy of an object on a server where it no longer belongs. */
export type Leaving =
  | { kind: 'kept'; reason: string }
  /** Once the object stands on all these servers, and its data has arrived where it goes. */
  | {
      kind: 'removed'
      after: readonly number[]
      transferTo: number | null
      /** Nothing was ever tried there. */
      unmade?: true
    }

export interface Move {
  backend: Backend
  /** Where it belongs. */
  serverIds: readonly number[]
  /** Where only disabled routes lead. */
  heldServerIds: readonly number[]
  /** Where this backend placed it. */
  placed: readonly Placed[]
  protection(placed: Placed): string | null
}

/** Places that an object has left, with what becomes of each. Kept ones that stay so are left out. */
export function decideMoves(move: Move): { place: Placed; leaving: Leaving }[] {
  const belongs = new Set([...move.serverIds, ...move.heldServerIds])
  return move.placed
    .filter((place) => !belongs.has(place.serverId))
    .map((place) => ({ place, leaving: leave(place, move) }))
    .filter(({ place, leaving }) => place.state !== 'kept' || leaving.kind !== 'kept')
}

function leave(place: Placed, move: Move): Leaving {
  // Of what was never applied there is nothing to keep.
  if (!place.touched) return { kind: 'removed', after: [], transferTo: firstHeir(place, move), unmade: true }
  const { backend } = move
  if (backend.delete === undefined && backend.sync === undefined)
    return kept(`backend "${backend.name}" has no delete method`)
  const protection = move.protection(place)
  if (protection !== null) return kept(`it is ${protection}`)
  switch (backend.onMove ?? 'keep') {
    case 'keep':
      return kept(`the policy of backend "${backend.name}" is to keep it`)
    case 'remove':
      return { kind: 'removed', after: notYetOn(move), transferTo: null }
    case 'migrate':
      return migrate(place, move)
  }
}

/**
 * Where data would go that a first try, which may be running, leaves behind. Only if no other copy has any: otherwise that is the
 * data.
 */
function firstHeir(place: Placed, { backend, serverIds, placed }: Move): number | null {
  if (backend.onMove !== 'migrate' || serverIds.length === 0) return null
  const isOnly = placed.every((one) => one === place || (!one.touched && serverIds.includes(one.serverId)))
  return isOnly ? Math.min(...serverIds) : null
}

function migrate(place: Placed, move: Move): Leaving {
  const { serverIds, placed } = move
  if (place.awaitsData) return { kind: 'removed', after: [], transferTo: null }
  const holdsData = holderAmong(placed)
  if (!holdsData(place)) return { kind: 'removed', after: notYetOn(move), transferTo: null }
  if (serverIds.length === 0) return kept('no server is there to take its data')
  if (placed.some((one) => serverIds.includes(one.serverId) && holdsData(one)))
    return kept('the servers where it belongs have data of it already')
  if (place !== sourceOf(move)) return kept('the data comes from another of its servers')
  return { kind: 'removed', after: serverIds, transferTo: Math.min(...serverIds) }
}

/** Of several copies that have to go one gives its data: the one that has begun, else one that nobody kept. */
function sourceOf({ placed, serverIds, heldServerIds }: Move): Placed | undefined {
  const leaving = placed
    .filter(holderAmong(placed))
    .filter((one) => ![...serverIds, ...heldServerIds].includes(one.serverId))
  return (
    leaving.find((one) => one.transferTo !== null) ??
    leaving.find((one) => one.state !== 'kept') ??
    leaving[0]
  )
}

/** Tells copies with data. Where none has any that is known of, all may have: what people gave up elsewhere began anew here. */
function holderAmong(placed: readonly Placed[]): (place: Placed) => boolean {
  const mayHold = ({ touched, awaitsData }: Placed) => touched && !awaitsData
  const isFull = (place: Placed) => mayHold(place) && !place.hollow
  return placed.some(isFull) ? isFull : mayHold
}

/** A copy may go once there is no other server that it still has to come to. */
function notYetOn({ serverIds, heldServerIds, placed }: Move): number[] {
  const stands = new Set(placed.filter(isApplied).map((one) => one.serverId))
  return [...serverIds, ...heldServerIds].filter((serverId) => !stands.has(serverId))
}

function isApplied({ applied, state }: Placed): boolean {
  return applied && state !== 'deleting'
}

function kept(reason: string): Leaving {
  return { kind: 'kept', reason: `It belongs elsewhere now, and this copy stays: ${reason}` }
}

import type { Backend } from '../config/backend.ts'
import { isInDoubt, keptText, mayGive, owned, questionText } from '../places/index.ts'
import type { Wanted } from './coalesce.ts'
import type { Decision } from './decision.ts'
import { can } from './methods.ts'
import type { Foreseen } from './outcomes.ts'
import type { Placed } from './placed.ts'
import { removal } from './undecided.ts'
import type { Destinations, World } from './world.ts'

/** What becomes of copies where their object does not belong. */
export function leaveOthers(
  wanted: Wanted,
  backend: Backend,
  { serverIds, heldServerIds }: Destinations,
  { placed, former }: { placed: readonly Placed[]; former: readonly Placed[] },
  world: World,
): Decision[] {
  const leaving = placed.filter(({ serverId }) => ![...serverIds, ...heldServerIds].includes(serverId))
  const known = new Map(owned(placed.map(({ place }) => place)).map((place) => [place.server, place]))
  const isLeavingNow = leaving.some(({ state, place }) => {
    const one = known.get(place.server)
    return state !== 'kept' && one !== undefined && mayGive(one)
  })
  return leaving.map((place) => {
    const decision = removal(wanted, place, { kind: 'waiting' })
    const isOthers = former.includes(place)
    const isMoving = backend.onMove === 'migrate' && !isOthers
    // What is protected gives its data like any other, or its object would begin anew elsewhere: its removal waits.
    const protection = isMoving ? null : world.protection(backend, place, wanted)
    const reason =
      isOthers && protection === null ? null : keptBecause(backend, place, protection, isLeavingNow)
    if (reason === null) {
      // What another object left goes with its data.
      const leave = isMoving ? 'migrate' : 'remove'
      return { ...decision, kind: 'move', leave }
    }
    // Of what was never there is nothing to keep. Where it is begun before this is written, its policy holds.
    return place.touched ? kept(decision, reason) : { ...decision, kind: 'move', leave: 'keep' }
  })
}

/** Why a copy stays where its object does not belong; null where it goes. */
function keptBecause(
  backend: Backend,
  place: Placed,
  protection: string | null,
  isLeavingNow: boolean,
): string | null {
  if (!can(backend, 'delete')) return `backend "${backend.name}" has no delete method`
  if (protection !== null) return `it is ${protection}`
  if ((backend.onMove ?? 'keep') === 'keep') return `the policy of backend "${backend.name}" is to keep it`
  const isOld = backend.onMove === 'migrate' && place.state === 'kept' && isLeavingNow
  return isOld ? 'the data comes from another of its servers' : null
}

/** What only a person can find a place for stays. While that is not sure, its server finds out. */
export function orKept(decision: Decision, after: Foreseen | undefined, placed: readonly Placed[]): Decision {
  const answer = after?.next
  if (answer?.do !== 'wait' || answer.for.kind !== 'person' || placed.some(({ place }) => isInDoubt(place)))
    return decision
  return kept(decision, questionText(answer.for.why))
}

export function isKeptAlready({ fate, serverId }: Decision, placed: readonly Placed[]): boolean {
  return fate.kind === 'kept' && placed.some((one) => one.serverId === serverId && one.state === 'kept')
}

function kept(decision: Decision, reason: string): Decision {
  return { ...decision, kind: 'move', leave: 'keep', fate: { kind: 'kept', reason: keptText(reason) } }
}

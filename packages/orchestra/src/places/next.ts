import { isGiver, mayGive, receiveFrom } from './data.ts'
import { nameConflict } from './names.ts'
import {
  type Around,
  type Deed,
  held,
  isInDoubt,
  isReached,
  type Next,
  type Place,
  parkedName,
  type Question,
  type Rules,
} from './place.ts'

/**
 * What is to be done in a place. Claims, plans, synchronizations, explanations, cancels, transfers and adoptions ask this and have no
 * rules of their own.
 * @param now milliseconds since 1970
 */
export function next(place: Place, around: Around, rules: Rules, now: number): Next {
  if (place.trying !== null) return { do: 'ask', run: place.trying.run }
  const step = wish(place, around, rules)
  if (step.do === 'nothing') return step
  if (place.stopped === place.generation) return person('cancelled')
  if (!isStep(step)) return step
  if (place.due > now) return { do: 'wait', for: { kind: 'time', until: place.due } }
  return step
}

/** What would be done now, whether its time has come or not. */
function wish(place: Place, around: Around, rules: Rules): Next {
  const doubtful = contested(place, around)
  if (doubtful.length > 0) return { do: 'look', names: doubtful }
  return place.want.kind === 'stand' ? stand(place, around, rules) : leave(place, around)
}

function isStep(next: Next): next is Deed {
  return next.do !== 'nothing' && next.do !== 'ask' && next.do !== 'wait'
}

function person(why: Question): Next {
  return { do: 'wait', for: { kind: 'person', why } }
}

/** Names that may be there as ours, and as another object's: only the server knows whose they are. */
function contested(place: Place, { rivals }: Around): string[] {
  return place.names
    .filter(({ state, identity }) => state === 'maybe' && rivals.some((rival) => isHolding(rival, identity)))
    .map(({ identity }) => identity)
}

function isHolding(place: Place, identity: string): boolean {
  return held(place).some((name) => name.identity === identity)
}

function stand(place: Place, around: Around, rules: Rules): Next {
  const want = place.want
  if (want.kind !== 'stand') return { do: 'nothing' }
  const stale = staleNames(place, want.incarnation)
  if (stale.length > 0) return removal(place, stale)
  if (isReached(place)) return receiveFrom(place, around)
  const { identity, incarnation } = want
  const from = held(place)
    .map((name) => name.identity)
    .filter((name) => name !== identity)
  if (from.length > 0 && rules.onRename === 'refuse') return person('rename refused')
  if (from.length > 0 && rules.onRename === 'replace' && place.isProtected) return protectedWait
  const conflict = nameConflict(place, around, rules, identity)
  if (conflict.kind === 'wait') return conflict.next
  if (conflict.kind === 'park') return park(place, from, incarnation)
  const { circle, over } = conflict
  if (from.length === 0) return { do: 'make', identity, incarnation, over }
  return { do: 'rename', from, identity, incarnation, circle, over }
}

function park({ object }: Place, from: readonly string[], incarnation: number): Next {
  const identity = parkedName(object)
  return { do: 'park', from: from.filter((name) => name !== identity), identity, incarnation }
}

const protectedWait: Next = { do: 'wait', for: { kind: 'protection' } }

/** What stands of an object that had the key before, or of data that is elsewhere since. */
function staleNames(place: Place, incarnation: number): string[] {
  return place.names
    .filter((name) => name.incarnation !== incarnation || (place.data === 'gone' && name.state !== 'left'))
    .map((name) => name.identity)
}

function removal(place: Place, names: readonly string[]): Next {
  return place.isProtected ? protectedWait : { do: 'remove', names }
}

function leave(place: Place, { siblings }: Around): Next {
  if (place.want.kind !== 'leave' || place.want.policy === 'keep' || place.names.length === 0)
    return { do: 'nothing' }
  const reader = siblings.find(
    ({ trying }) => trying?.step.do === 'receive' && trying.step.from === place.server,
  )
  if (reader !== undefined) return { do: 'wait', for: { kind: 'data', server: reader.server } }
  const doubtful = place.want.policy === 'migrate' ? place.names.filter(({ state }) => state === 'maybe') : []
  // Data is not asked of a copy that may never have come about.
  if (doubtful.length > 0) return { do: 'look', names: doubtful.map(({ identity }) => identity) }
  const wanted = siblings.filter(({ want }) => want.kind === 'stand')
  if (place.want.policy === 'migrate' && mayGive(place)) return give(place, siblings, wanted)
  const doubted = doubtfulGiver(place, siblings)
  if (doubted !== undefined) return { do: 'wait', for: { kind: 'data', server: doubted.server } }
  const missing = wanted.find((sibling) => !isReached(sibling))
  if (missing !== undefined && place.data !== 'awaits')
    return { do: 'wait', for: { kind: 'place', server: missing.server } }
  return removal(
    place,
    place.names.map((name) => name.identity),
  )
}

/** While it is not known whether the copy that counts ever came about, this one may be all there is. */
function doubtfulGiver(place: Place, siblings: readonly Place[]): Place | undefined {
  if (place.want.kind !== 'leave' || place.want.policy !== 'migrate' || place.data !== 'awaits')
    return undefined
  return siblings.find(
    (sibling) => sibling.data === 'own' && sibling.names.some(({ state }) => state === 'maybe'),
  )
}

function give(place: Place, siblings: readonly Place[], wanted: readonly Place[]): Next {
  const [target] = [...wanted].sort((one, other) => (one.server < other.server ? -1 : 1))
  if (target === undefined) return person('nowhere to go')
  const others = wanted.filter((sibling) => sibling.data === 'own')
  const unsure = others.find(isInDoubt)
  // What may still come to nothing is no reason to leave data behind.
  if (unsure !== undefined) return { do: 'wait', for: { kind: 'place', server: unsure.server } }
  if (others.length > 0 || !isGiver(place, siblings)) return person('copies with data')
  return { do: 'wait', for: { kind: 'data', server: target.server } }
}

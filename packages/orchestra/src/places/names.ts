import { type Around, held, isReached, type Next, nameOf, type Place, type Rules } from './place.ts'

export type NameConflict =
  /** The name may be taken; of a circle, by all of its objects at once; `over` whom, where somebody left something there. */
  | { readonly kind: 'free'; readonly circle: readonly string[]; readonly over: string | null }
  /** It makes room for others, which have its name to give. */
  | { readonly kind: 'park' }
  | { readonly kind: 'wait'; readonly next: Next }

/**
 * One name on one server belongs to one object: who has it keeps it until it wants another, and of those who wait the one that asked
 * first goes first.
 */
export function nameConflict(
  place: Place,
  { rivals }: Pick<Around, 'rivals'>,
  rules: Rules,
  identity: string,
): NameConflict {
  const former = rivals.find((rival) => nameOf(rival, identity)?.state === 'left')
  const free = { kind: 'free', circle: [], over: former?.object ?? null } as const
  if (held(place).some((name) => name.identity === identity)) return free
  const holder = holderOf(identity, rivals)
  if (holder !== undefined) {
    const circle = circleOf(place, rivals, rules)
    return circle === null ? waitFor(identity, holder) : goRound(place, circle, free, rules, identity, holder)
  }
  if (rules.onMove === 'migrate' && former !== undefined)
    return { kind: 'wait', next: { do: 'wait', for: { kind: 'person', why: 'left by another' } } }
  const earlier = rivals.find((rival) => isAskingFor(rival, identity) && isBefore(rival, place))
  return earlier === undefined ? free : waitFor(identity, earlier)
}

/** Of a circle that cannot turn at once, one makes room. */
function goRound(
  place: Place,
  circle: readonly string[],
  free: Extract<NameConflict, { kind: 'free' }>,
  { onCircle }: Rules,
  identity: string,
  holder: Place,
): NameConflict {
  if (onCircle === 'turn') return { ...free, circle }
  if (onCircle === 'ask')
    return { kind: 'wait', next: { do: 'wait', for: { kind: 'person', why: 'names go round' } } }
  if (circle.some((object) => object < place.object)) return waitFor(identity, holder)
  return { kind: 'park' }
}

function waitFor(identity: string, { object }: Place): NameConflict {
  return { kind: 'wait', next: { do: 'wait', for: { kind: 'name', identity, object } } }
}

function holderOf(identity: string, places: readonly Place[]): Place | undefined {
  return places.find((place) => held(place).some((name) => name.identity === identity))
}

/** Two that were decided at once have one number. */
function isBefore(one: Place, other: Place): boolean {
  return one.claim < other.claim || (one.claim === other.claim && one.object < other.object)
}

function isAskingFor(place: Place, identity: string): boolean {
  const { want } = place
  if (want.kind !== 'stand' || want.identity !== identity) return false
  return !isReached(place) && place.stopped !== place.generation
}

/** Objects that want each other's names, round to the first; null where the chain ends, or where one of them cannot move. */
function circleOf(first: Place, rivals: readonly Place[], rules: Rules): string[] | null {
  const circle: string[] = []
  let place = first
  while (canTurn(place, rules)) {
    circle.push(place.object)
    const wanted = place.want.kind === 'stand' ? place.want.identity : ''
    const holder = holderOf(
      wanted,
      [...rivals, first].filter((one) => one !== place),
    )
    if (holder === first) return circle
    if (holder === undefined || circle.includes(holder.object)) return null
    place = holder
  }
  return null
}

function canTurn(place: Place, { onRename }: Rules): boolean {
  const { want } = place
  if (want.kind !== 'stand' || place.trying !== null || place.stopped === place.generation) return false
  if (onRename === 'refuse' || (onRename === 'replace' && place.isProtected)) return false
  return place.data !== 'gone' && place.names.every((name) => name.incarnation === want.incarnation)
}

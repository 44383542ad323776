import { owned } from './data.ts'
import type { Name, Place, Rules, Want } from './place.ts'

/** What an object's row and the routes want of one backend. */
export type Decision =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'present'
      readonly identity: string
      readonly revision: string
      readonly incarnation: number
      readonly servers: readonly string[]
    }

/**
 * Writes what is wanted into the places of one object. An equal decision changes nothing.
 * @param generation the number of this decision, higher than that of every one before
 */
export function decide(
  object: string,
  places: readonly Place[],
  decision: Decision,
  rules: Rules,
  generation: number,
): Place[] {
  const servers = decision.kind === 'present' ? decision.servers : []
  const everywhere = new Set([...places.map((place) => place.server), ...servers])
  const wants = new Map(
    [...everywhere].map((server) => {
      const place = places.find((one) => one.server === server) ?? emptyPlace(object, server)
      return [server, wanted(place, decision, rules)] as const
    }),
  )
  return intend(object, places, wants, rules, generation)
}

/**
 * Writes what is wanted on some servers into the places of one object; the others stay as they are.
 * @param wants by server
 */
export function intend(
  object: string,
  places: readonly Place[],
  wants: ReadonlyMap<string, Want>,
  rules: Rules,
  generation: number,
): Place[] {
  const known = owned(places)
  const fresh = [...wants]
    .filter(([server, want]) => want.kind === 'stand' && known.every((place) => place.server !== server))
    .map(([server]) => emptyPlace(object, server))
  const changed = [...known, ...fresh]
    .map((place) => {
      const want = wants.get(place.server)
      return want === undefined ? place : wantAt(place, want, generation, rules)
    })
    .flatMap(tidy)
  return owned(changed)
}

function emptyPlace(object: string, server: string): Place {
  return {
    object,
    server,
    generation: 0,
    want: { kind: 'leave', policy: 'remove' },
    trying: null,
    stands: null,
    names: [],
    data: 'awaits',
    attempt: 0,
    due: 0,
    stopped: 0,
    isProtected: false,
    isForgotten: false,
    claim: 0,
  }
}

function wanted(place: Place, decision: Decision, rules: Rules): Want {
  if (decision.kind === 'gone') return { kind: 'leave', policy: 'remove' }
  const { identity, revision, incarnation, servers } = decision
  if (servers.includes(place.server)) return { kind: 'stand', identity, revision, incarnation }
  const isOthers = place.names.some((name) => name.incarnation !== incarnation)
  return { kind: 'leave', policy: isOthers ? 'remove' : rules.onMove }
}

function wantAt(place: Place, want: Want, generation: number, rules: Rules): Place {
  if (isSame(place.want, want)) return want.kind === 'stand' ? { ...place, isForgotten: false } : place
  return {
    ...place,
    want,
    generation,
    attempt: 0,
    due: 0,
    isForgotten: want.kind === 'stand' ? false : place.isForgotten,
    names: want.kind === 'stand' ? wantedAgain(place, want.identity, rules) : place.names,
    claim: isSameName(place.want, want) ? place.claim : generation,
  }
}

function isSame(one: Want, other: Want): boolean {
  if (one.kind === 'leave' || other.kind === 'leave')
    return one.kind === 'leave' && other.kind === 'leave' && one.policy === other.policy
  return isSameName(one, other) && one.revision === other.revision && one.incarnation === other.incarnation
}

function isSameName(one: Want, other: Want): boolean {
  return one.kind === 'stand' && other.kind === 'stand' && one.identity === other.identity
}

/** A copy that was kept is taken up again where its object is wanted; old names that a backend keeps stay as they are. */
function wantedAgain(place: Place, identity: string, { onRename }: Rules): Name[] {
  const isBack = place.want.kind === 'leave' && onRename !== 'keep'
  return place.names.map((name) =>
    name.state === 'left' && (isBack || name.identity === identity) ? { ...name, state: 'maybe' } : name,
  )
}

/** Nothing is left of a place where nothing is wanted and nothing can be. */
export function tidy(place: Place): Place[] {
  if (place.trying !== null) return [place]
  if (place.isForgotten) return []
  if (place.names.length === 0) return place.want.kind === 'stand' ? [{ ...place, data: 'awaits' }] : []
  if (place.want.kind === 'stand') return [place]
  if (place.want.policy !== 'keep') return [place]
  return [{ ...place, stands: null, names: place.names.map((name) => ({ ...name, state: 'left' })) }]
}

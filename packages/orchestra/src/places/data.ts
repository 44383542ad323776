import type { Around, Next, Place } from './place.ts'

/** Whether a copy that goes has data which counts. */
export function mayGive(place: Place): boolean {
  return place.data === 'own' && place.names.length > 0
}

/**
 * The places of one object, after anything that happened to them: a copy to which nobody's data is on its way has begun data of its
 * own. To be asked and written each time: two that begin one after the other, asked together later, would both count.
 */
export function owned(places: readonly Place[]): Place[] {
  return places.map((place) => {
    if (place.data !== 'awaits' || place.names.length === 0) return place
    const givers = places.filter((one) => one !== place && mayGive(one))
    const isOwn = place.want.kind === 'stand' ? !givers.some(isMigrating) : givers.length === 0
    return isOwn ? { ...place, data: 'own' } : place
  })
}

/** Of several copies that have to go one gives its data. */
export function isGiver(place: Place, siblings: readonly Place[]): boolean {
  return siblings
    .filter((sibling) => isMigrating(sibling) && mayGive(sibling))
    .every((sibling) => sibling.server > place.server)
}

/** Data goes to one place, when it stands; the others keep what they began with. */
export function receiveFrom(place: Place, { siblings }: Around): Next {
  if (place.data !== 'awaits' || !isFirstTarget(place, siblings)) return { do: 'nothing' }
  const [giver] = siblings
    .filter((sibling) => isMigrating(sibling) && mayGive(sibling))
    .sort((one, other) => (one.server < other.server ? -1 : 1))
  if (giver === undefined) return { do: 'nothing' }
  if (giver.trying !== null || giver.names.some(({ state }) => state === 'maybe'))
    return { do: 'wait', for: { kind: 'data', server: giver.server } }
  return { do: 'receive', from: giver.server, generation: giver.generation }
}

function isFirstTarget(place: Place, siblings: readonly Place[]): boolean {
  return siblings.every(
    (sibling) => sibling.want.kind === 'leave' || sibling.data === 'own' || sibling.server > place.server,
  )
}

function isMigrating({ want }: Place): boolean {
  return want.kind === 'leave' && want.policy === 'migrate'
}

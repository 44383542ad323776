import { tidy } from './decide.ts'
import type { Place } from './place.ts'
import { end } from './run.ts'

/** Nothing is done for what is wanted now, until something else is wanted or a person asks. */
export function cancel(place: Place): Place {
  return { ...place, stopped: place.generation }
}

export function retry(place: Place): Place {
  return { ...place, stopped: 0, attempt: 0, due: 0 }
}

export function protect(place: Place, isProtected: boolean): Place {
  return { ...place, isProtected }
}

/** Given up: whatever is there stays, and nobody knows of it any more. */
export function forget(place: Place): Place[] {
  return tidy({ ...place, isForgotten: true })
}

/** The same where nobody settles the run that may be at it: its server is gone, or the transfer that it is of was cancelled. */
export function forgetAtOnce(place: Place): Place[] {
  return forget(abandoned(place))
}

/** A run that was ended before it did anything. */
export function abandoned(place: Place): Place {
  const [free = { ...place, trying: null }] =
    place.trying === null ? [place] : end(place, place.trying.run, { kind: 'untouched' }, anyRules, 0)
  return free
}

/** What did nothing is as it was, whatever its backend wants. */
const anyRules = { onMove: 'keep', onRename: 'keep', onCircle: 'ask' } as const

/**
 * What stood there already is taken over; null where something is known to be there, is just being made, or is not wanted.
 * @param wanted whether what stands is what is wanted now
 */
export function adopt(place: Place, identity: string, wanted: 'as wanted' | 'otherwise'): Place | null {
  const { want, generation } = place
  if (want.kind !== 'stand' || place.names.length > 0 || place.trying !== null) return null
  return {
    ...place,
    stands: wanted === 'as wanted' ? { generation, identity } : null,
    names: [{ identity, state: 'stands', incarnation: want.incarnation }],
    data: 'own',
    attempt: 0,
  }
}

import { tidy } from './decide.ts'
import type { Place } from './place.ts'

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

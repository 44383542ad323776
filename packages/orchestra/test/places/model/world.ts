import type { Decision } from '../../../src/places/decide.ts'
import type { Deed, Place, Rules } from '../../../src/places/place.ts'

/** Something on a server: whose it is, by its mark, and what of its object it shows. */
export interface Thing {
  readonly object: string
  /** That it was finished for; 0 for half of it. */
  readonly generation: number
  /** Whether it has the data that counts. */
  readonly hasData: boolean
  /** Made for an object whose row is gone since; whoever has the key now has not made it its own yet. */
  readonly isFormer: boolean
  /** Given up by a person. */
  readonly isAbandoned: boolean
}

/** What an object's row says, beside what nobody but the model knows: whether data of it exists somewhere. */
export interface Row {
  readonly object: string
  readonly decision: Decision
  readonly hasData: boolean
  /** A person gave up a copy: what becomes of data is that person's. */
  readonly isGivenUp: boolean
}

export interface Block {
  readonly object: string
  readonly step: Deed
  readonly generation: number
}

export interface Run {
  readonly run: number
  readonly server: string
  readonly blocks: readonly Block[]
  /** What the server's journal says of each block; null while its worker lives. */
  readonly journal: readonly ('done' | 'failed' | 'untouched')[] | null
  readonly found: readonly (readonly string[])[]
}

export interface World {
  readonly rows: readonly Row[]
  readonly places: readonly Place[]
  /** `server/name` -> thing */
  readonly things: Readonly<Record<string, Thing>>
  readonly runs: readonly Run[]
  /** `object@server` -> the generation that was last made there, as a worker was told. */
  readonly made: Readonly<Record<string, number>>
  /** How many decisions there were. */
  readonly decisions: number
  readonly changes: number
  readonly faults: number
  readonly persons: number
}

/** How far a model goes. */
export interface Bounds {
  readonly objects: readonly string[]
  readonly servers: readonly string[]
  readonly names: readonly string[]
  readonly changes: number
  readonly faults: number
  readonly persons: number
  /** Whether a key may be given to another object. */
  readonly reuse: boolean
  readonly rules: Rules
}

export function emptyWorld({ objects, changes, faults, persons }: Bounds): World {
  const rows = objects.map((object) => ({
    object,
    decision: { kind: 'gone' } as const,
    hasData: false,
    isGivenUp: false,
  }))
  return { rows, places: [], things: {}, runs: [], made: {}, decisions: 0, changes, faults, persons }
}

export function placeAt(world: World, object: string, server: string): Place | undefined {
  return world.places.find((place) => place.object === object && place.server === server)
}

export function around(world: World, { object, server }: Pick<Place, 'object' | 'server'>) {
  return {
    siblings: world.places.filter((place) => place.object === object && place.server !== server),
    rivals: world.places.filter((place) => place.object !== object && place.server === server),
  }
}

/** Puts changed places where they were; those that are gone go. */
export function withPlaces(world: World, old: readonly Place[], changed: readonly Place[]): World {
  const places = [...world.places.filter((place) => !old.includes(place)), ...changed]
  places.sort((one, other) => keyOf(one).localeCompare(keyOf(other)))
  return { ...world, places }
}

export function keyOf({ object, server }: Pick<Place, 'object' | 'server'>): string {
  return `${object}@${server}`
}

/**
 * One text for all worlds that differ in nothing that matters: of decisions counts which came before which, and of what was made only
 * what is still wanted.
 */
export function fingerprint(world: World): string {
  const made = Object.entries(world.made).filter(([key, generation]) =>
    world.places.some((place) => keyOf(place) === key && place.generation === generation),
  )
  const numbers = new Set<number>([0])
  const told = { ...world, decisions: 0, things: sorted(world.things), made: made.map(([key]) => key).sort() }
  JSON.stringify(told, (key, value) => {
    if (isNumbered(key)) numbers.add(value)
    return value
  })
  const ranks = new Map([...numbers].sort((one, other) => one - other).map((number, rank) => [number, rank]))
  return JSON.stringify(told, (key, value) => (isNumbered(key) ? ranks.get(value) : value))
}

function isNumbered(key: string): boolean {
  return key === 'generation' || key === 'claim' || key === 'stopped'
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1))
}

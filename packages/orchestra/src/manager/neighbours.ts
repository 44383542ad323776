import type { Around, Place, Stored } from '../places/index.ts'

/**
 * The places that bear on each other, found by object and by name, so that asking for one costs the same however many there are.
 */
export class Neighbours {
  readonly #places = new Map<string, Stored>()
  readonly #byObject = new Map<string, Set<string>>()
  readonly #byName = new Map<string, Set<string>>()

  readonly #hasNames: (backend: string) => boolean

  /** @param hasNames whether things of a backend are in each other's way when they have one name */
  constructor(all: Iterable<Stored>, hasNames: (backend: string) => boolean) {
    this.#hasNames = hasNames
    for (const one of all) this.put(one)
  }

  /** Puts a place in, or in the place of what it was. */
  put(stored: Stored): void {
    const { row, place } = stored
    const key = keyOf(stored)
    this.#places.set(key, stored)
    add(this.#byObject, `${row.backend} ${place.object}`, key)
    if (!this.#hasNames(row.backend)) return
    for (const name of namesOf(place)) add(this.#byName, `${row.backend} ${place.server} ${name}`, key)
  }

  get(stored: Stored): Stored {
    return this.#places.get(keyOf(stored)) ?? stored
  }

  /** What `next` has to know. */
  around(stored: Stored): Around {
    return {
      siblings: this.#siblings(stored).map(({ place }) => place),
      rivals: this.rivals(stored).map(({ place }) => place),
    }
  }

  /** Its object's places on other servers. */
  #siblings(stored: Stored): Stored[] {
    const { row, place } = this.get(stored)
    const keys = this.#byObject.get(`${row.backend} ${place.object}`) ?? []
    return [...keys].filter((key) => key !== keyOf(stored)).flatMap((key) => this.#places.get(key) ?? [])
  }

  /** Of other objects there: who has or wants one of its names, who has or wants what those want, and so on. */
  rivals(stored: Stored): Stored[] {
    const found = new Map<string, Stored>()
    const waiting = [this.get(stored)]
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      for (const name of namesOf(one.place))
        for (const key of this.#byName.get(`${one.row.backend} ${one.place.server} ${name}`) ?? []) {
          const rival = this.#places.get(key)
          if (rival === undefined || key === keyOf(stored) || found.has(key)) continue
          found.set(key, rival)
          waiting.push(rival)
        }
    }
    return [...found.values()]
  }
}

/** What a place is called or is to be called. */
export function namesOf({ names, want }: Place): string[] {
  const own = names.map(({ identity }) => identity)
  return want.kind === 'stand' && !own.includes(want.identity) ? [...own, want.identity] : own
}

function keyOf({ row }: Stored): string {
  return JSON.stringify([row.model, row.object_key, row.backend, row.server_id])
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([value]))
  else known.add(value)
}

import type { Config } from '../config/config.ts'
import { type Chain, chainOf, type Next, next, rulesOf, type Stored } from '../places/index.ts'
import type { Queryable } from '../store/index.ts'
import { neighboursOf } from './candidates.ts'
import type { Neighbours } from './neighbours.ts'
import { protectedBy } from './protected.ts'

/** What `next` answers for one place. */
export interface Answer {
  stored: Stored
  next: Next
  chain: Chain
}

export interface Asking {
  config: Pick<Config, 'backends'>
  /**
   * Makes an object of a snapshot, for backends that protect some of theirs. Where the process has no key, what is given as protected is
   * all that is known to be.
   */
  open?: (row: Stored['row'], snapshot: unknown) => unknown
  /** Milliseconds since 1970. */
  now: number
}

/**
 * Asks what comes next in places, as their lanes will ask it: in the light of what is in the store, and of each other as they are
 * given. Reads only.
 */
export async function answersFor(
  db: Queryable,
  given: readonly Stored[],
  { config, open, now }: Asking,
): Promise<Answer[]> {
  if (given.length === 0) return []
  const asked = given.map((one) => ({ ...one }))
  const neighbours = await neighboursOf(db, asked, config)
  if (open !== undefined) await protectedBy(db, asked, config, open)
  for (const one of asked) if (one.place.isProtected) protect(neighbours, one)
  return asked.map((one) => answer(neighbours, one, config, now))
}

/** What bears on a place may have changed it since. */
function protect(neighbours: Neighbours, one: Stored): void {
  const { place } = neighbours.get(one)
  neighbours.put({ row: one.row, place: { ...place, isProtected: true } })
}

function answer(neighbours: Neighbours, one: Stored, config: Asking['config'], now: number): Answer {
  const rules = rulesOf(config.backends.get(one.row.backend))
  const stored = looked(neighbours, one)
  const around = neighbours.around(stored)
  return {
    stored,
    next: next(stored.place, around, rules, now),
    chain: chainOf(stored.place, around, rules, now),
  }

  /** A lane takes what may be there for there: whose it is shows when it is made or removed. */
  function looked(all: Neighbours, asked: Stored): Stored {
    const known = all.get(asked)
    const step = next(known.place, all.around(known), rules, now)
    if (step.do !== 'look') return known
    const names = known.place.names.map((name) =>
      step.names.includes(name.identity) ? ({ ...name, state: 'stands' } as const) : name,
    )
    const place = { ...known.place, names }
    all.put({ row: known.row, place })
    return { row: known.row, place }
  }
}

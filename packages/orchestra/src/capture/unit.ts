import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { OrchestraError } from '../errors.ts'

/** Whose change it is and where it came from. */
export interface UnitOptions {
  /** Default a new one. */
  id?: string | undefined
  /** A function is asked each time, because a request often learns its user after the unit began. */
  actor?: string | (() => string | undefined) | undefined
  source?: string | undefined
}

/** All that one request, or one call of `unitOfWork`, changes, across its transactions. */
export interface Unit {
  readonly id: string
  readonly actor: string | undefined
  readonly source: string | undefined
  /** Its connections with an open transaction: what is written there and not committed can be read there only. */
  readonly openClients: ReadonlySet<pg.ClientBase>
}

/** A unit as the wrapped pool keeps it. */
export interface TrackedUnit extends Unit {
  readonly openClients: Set<pg.ClientBase>
}

const storage = new AsyncLocalStorage<TrackedUnit | undefined>()

/** The unit that the caller runs in. */
export function currentUnit(): TrackedUnit | undefined {
  return storage.getStore()
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Runs `work` as one unit; inside another unit it joins that one, whose options then hold. */
export function unitOfWork<Result>(options: UnitOptions, work: (unit: Unit) => Result): Result {
  const outer = currentUnit()
  if (outer !== undefined) return work(outer)
  const unit = newUnit(options)
  return storage.run(unit, () => work(unit))
}

function newUnit({ id = randomUUID(), actor, source }: UnitOptions): TrackedUnit {
  if (!UUID.test(id)) {
    throw new OrchestraError('ORC_USAGE', `The id of a unit of work is a uuid, not ${JSON.stringify(id)}`, {
      hint: 'Leave the id out to get a new one',
    })
  }
  return {
    id,
    source,
    openClients: new Set(),
    get actor() {
      return typeof actor === 'function' ? actor() : actor
    },
  }
}

/**
 * Runs `work` outside every unit. A socket calls back in the context that it was made in, so one that is made inside a
 * unit would claim for it what others do later.
 */
export function outsideUnits<Result>(work: () => Result): Result {
  return currentUnit() === undefined ? work() : storage.run(undefined, work)
}

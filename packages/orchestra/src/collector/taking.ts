import { changesIn, type IdRange, type StoredChange } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import { failuresStillDue, type RetriedObject } from './changes.ts'
import { freeChanges, namesOf, objectName } from './free.ts'
import { type InHand, inHand, nothingInHand, type Ticket, type Tickets } from './tickets.ts'

/** What may be looked at together. */
export interface Waiting {
  changes: readonly StoredChange[]
  failures: readonly RetriedObject[]
}

export type Taken =
  | { kind: 'idle' }
  /** Others decide about all of it just now. */
  | { kind: 'elsewhere' }
  | (Waiting & {
      kind: 'taken'
      ticket: Ticket
      /** Nobody else decided anything meanwhile; otherwise there may be more when they have. */
      isAlone: boolean
      /** All that was free. */
      isAll: boolean
    })

/** Whether others decide too. */
export type Company = 'alone' | 'others'

/** How often others may be quicker before they are left to it. */
const TRIES = 3

/**
 * Takes a ticket for what waits, as far as nobody else has one. What was read before the ticket was there is read again, because
 * somebody may have decided it in between.
 * @param read what waits, without changes that others decide
 * @param pick how much of what is free is taken
 * @param company whether others had something at last; whoever is alone need not ask
 */
export async function takeWaiting(
  db: Queryable,
  tickets: Tickets,
  read: (except: readonly IdRange[]) => Promise<Waiting>,
  pick: (free: Waiting) => Waiting,
  company: Company,
): Promise<Taken> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const others =
      attempt > 0 ? await inHand(db) : company === 'alone' ? nothingInHand : await inHand(db, 'unexpired')
    const waiting = await read(others.changes)
    const isAlone = attempt === 0 && others.isNothing
    if (isEmpty(waiting)) return { kind: isAlone ? 'idle' : 'elsewhere' }
    const free = withoutHeld(waiting, others)
    if (isEmpty(free)) return { kind: 'elsewhere' }
    const picked = pick(free)
    const ticket = await tickets.take(db, subjectOf(picked))
    if (ticket === undefined) continue
    const still = await stillWaiting(db, picked)
    const isAll =
      picked.changes.length === free.changes.length && picked.failures.length === free.failures.length
    if (!isEmpty(still)) return { kind: 'taken', ticket, ...still, isAlone, isAll }
    await tickets.release(db, ticket)
  }
  return { kind: 'elsewhere' }
}

function isEmpty({ changes, failures }: Waiting): boolean {
  return changes.length + failures.length === 0
}

function withoutHeld({ changes, failures }: Waiting, { isHeld }: InHand): Waiting {
  return {
    changes: freeChanges(changes, isHeld),
    failures: failures.filter((failure) => !isHeld(nameOf(failure))),
  }
}

async function stillWaiting(db: Queryable, { changes, failures }: Waiting): Promise<Waiting> {
  const [changeIds, operationIds] = await Promise.all([
    changesIn(db).stillDue(changes.map(({ id }) => id)),
    failuresStillDue(
      db,
      failures.map(({ operationId }) => operationId),
    ),
  ])
  return {
    changes: changes.filter(({ id }) => changeIds.has(id)),
    failures: failures.filter(({ operationId }) => operationIds.has(operationId)),
  }
}

function allNames({ changes, failures }: Waiting): string[] {
  return [...new Set([...changes.flatMap(namesOf), ...failures.map(nameOf)])]
}

function nameOf({ model, key }: RetriedObject): string {
  return objectName(model, key)
}

function subjectOf(waiting: Waiting) {
  const { changes, failures } = waiting
  return {
    names: allNames(waiting),
    models: [...new Set([...changes, ...failures].map(({ model }) => model))],
    changeIds: changes.map(({ id }) => id),
  }
}

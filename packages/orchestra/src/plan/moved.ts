import { OrchestraError } from '../errors.ts'
import { placeOf, type SavedOperation, standsThere, wantedThere } from './saved.ts'

/** Differences that the message of a stale plan names at most, and all that are told. */
const NAMED = 10
const MOST_MOVED = 1_000

/** What a plan has of one place: what is wanted, and what stands there. */
export type Stance = Pick<SavedOperation, 'kind' | 'action' | 'identity' | 'revision' | 'placed'>

/**
 * What is otherwise now than when a plan was made. `done`: nothing is to be done there any more. `stands`: what stands there was changed.
 * `wanted`: the database wants something else. `added`: something has to be done there too.
 */
export interface Moved {
  how: 'done' | 'stands' | 'wanted' | 'added'
  object: string
  backend: string
  server: string
  /** Null where nothing was to be done. */
  was: Stance | null
  /** Null where nothing is to be done. */
  is: Stance | null
}

/** A plan is not what is to be done now. */
export class PlanStale extends OrchestraError {
  /** What moved on; the first of it where that is much. */
  readonly moved: readonly Moved[]

  /** How much else did. */
  readonly #more: number

  constructor(message: string, moved: readonly Moved[], more = 0) {
    super('ORC_PLAN_STALE', message, { hint: 'Nothing was recorded. Make another plan, and look at it' })
    this.moved = moved
    this.#more = more
  }

  /** The same for whoever sees a part of it: of the rest he learns how much it is. */
  toldWhere(isSeen: (moved: Moved) => boolean): PlanStale {
    const seen = this.moved.filter(isSeen)
    return stale(seen, this.#more + this.moved.length - seen.length)
  }
}

function stale(moved: readonly Moved[], more: number): PlanStale {
  const named = moved.slice(0, NAMED).map(sentence)
  const rest = more + moved.length - named.length
  const all = rest === 0 ? named : [...named, named.length === 0 ? `${rest} elsewhere` : `and ${rest} more`]
  return new PlanStale(`The plan is not what is to be done now: ${all.join('; ')}`, moved, more)
}

/** @throws PlanStale */
export function refuseStale(saved: readonly SavedOperation[], present: readonly SavedOperation[]): void {
  const moved = movedOn(saved, present)
  if (moved.length === 0) return
  const told = moved.slice(0, MOST_MOVED)
  throw stale(told, moved.length - told.length)
}

function movedOn(saved: readonly SavedOperation[], present: readonly SavedOperation[]): Moved[] {
  const now = new Map(present.map((one) => [placeOf(one), one]))
  const then = new Set(saved.map(placeOf))
  const added = present.filter((one) => !then.has(placeOf(one)))
  return [
    ...saved.flatMap((one) => movedFrom(one, now.get(placeOf(one)))),
    ...added.map((is): Moved => ({ how: 'added', ...placeIn(is), was: null, is: stanceOf(is) })),
  ]
}

function movedFrom(was: SavedOperation, is: SavedOperation | undefined): Moved[] {
  const place = { ...placeIn(was), was: stanceOf(was) }
  if (is === undefined) return [{ how: 'done', ...place, is: null }]
  const both = { ...place, is: stanceOf(is) }
  if (standsThere(was) !== standsThere(is)) return [{ how: 'stands', ...both }]
  return wantedThere(was) === wantedThere(is) ? [] : [{ how: 'wanted', ...both }]
}

function placeIn({ object, backend, server }: SavedOperation): Pick<Moved, 'object' | 'backend' | 'server'> {
  return { object, backend, server }
}

function stanceOf({ kind, action, identity, revision, placed }: SavedOperation): Stance {
  return { kind, action, identity, revision, placed }
}

function sentence({ how, object, backend, server, is }: Moved): string {
  const name = `${object} by ${backend} on ${server}`
  switch (how) {
    case 'done':
      return `${name} is as it should be`
    case 'stands':
      return `what stands of ${name} was changed`
    case 'wanted':
      return `the database has another ${name}`
    case 'added':
      return `${name} has to be done too (${is?.kind})`
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { OrchestraError } from '../errors.ts'
import type { NamesOf } from '../options.ts'
import { activeTrace } from '../telemetry/index.ts'
import { type Actor, actorText, fixedActor } from './actor.ts'

/** Whose change it is and where it came from. */
export interface UnitOptions {
  /** Default a new one. */
  id?: string | undefined
  /** A function is asked each time, because a request often learns its user after the unit began. */
  actor?: Actor | (() => Actor)
  source?: string | undefined
}

export const unitNames: NamesOf<UnitOptions> = { id: true, actor: true, source: true }

/** A connection with an open transaction, as far as reading through it goes. */
export type OpenClient = Pick<pg.ClientBase, 'query'>

/** All that one request, or one call of `unitOfWork`, changes, across its transactions. */
export interface Unit {
  readonly id: string
  readonly actor: string | undefined
  readonly source: string | undefined
  /** Its connections with an open transaction: what is written there and not committed can be read there only. */
  readonly openClients: ReadonlySet<OpenClient>
  /** How many statements it sent to the database. */
  readonly statements: number
}

/** The unit in whose context something runs, which may be over: a timer or a promise can outlive its request. */
export interface ContextUnit extends Unit {
  readonly openClients: Set<OpenClient>
  statements: number
  /** The span in which it began, as a text. */
  readonly trace: string | undefined
  state: 'going on' | 'over'
}

const storage = new AsyncLocalStorage<ContextUnit | undefined>()

/** The unit that the caller's changes belong to. */
export function currentUnit(): Unit | undefined {
  const unit = contextUnit()
  return unit?.state === 'going on' ? unit : undefined
}

/** The same, or the one that is over and was the caller's. */
export function contextUnit(): ContextUnit | undefined {
  return storage.getStore()
}

/** The id that a transaction which begins now gets; once the unit is over, none of it. */
export function currentId(unit: ContextUnit): string {
  return unit.state === 'going on' ? unit.id : ''
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Runs `work` as one unit, which is over when what `work` answers has settled; inside another unit it joins that one, whose
 * options then hold.
 */
export function unitOfWork<Result>(options: UnitOptions, work: (unit: Unit) => Result): Result {
  const outer = currentUnit()
  if (outer !== undefined) return work(outer)
  const { unit, end } = beginUnit(options)
  return storage.run(unit, () => endingWith(() => work(unit), end))
}

/** Runs `work` as a unit that goes on until it is ended; inside another unit it joins that one. */
export function openUnit<Result>(
  options: UnitOptions,
  work: (unit: Unit, end: () => void) => Result,
): Result {
  const outer = currentUnit()
  if (outer !== undefined) return work(outer, () => undefined)
  const { unit, end } = beginUnit(options)
  return storage.run(unit, () => work(unit, end))
}

function beginUnit(options: UnitOptions): { unit: ContextUnit; end: () => void } {
  const unit = newUnit(options)
  const end = () => {
    unit.state = 'over'
  }
  return { unit, end }
}

function endingWith<Result>(work: () => Result, end: () => void): Result {
  let result: Result
  try {
    result = work()
  } catch (error) {
    end()
    throw error
  }
  if (!isThenable(result)) {
    end()
    return result
  }
  const promise = result instanceof Promise ? result : begun(result)
  promise.then(end, end)
  return promise as Result
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Query builders run when somebody asks for their result, each time: asked here, they run in the unit, and once. */
function begun(thenable: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => thenable.then(resolve, reject))
}

function newUnit({ id = randomUUID(), actor, source }: UnitOptions): ContextUnit {
  if (!UUID.test(id)) {
    throw new OrchestraError('ORC_USAGE', `The id of a unit of work is a uuid, not ${JSON.stringify(id)}`, {
      hint: 'Leave the id out to get a new one',
    })
  }
  const fixed = typeof actor === 'function' ? undefined : fixedActor(actor)
  return {
    id,
    source,
    trace: activeTrace(),
    openClients: new Set(),
    statements: 0,
    state: 'going on',
    get actor() {
      return typeof actor === 'function' ? actorText(actor, 'unitOfWork') : fixed
    },
  }
}

/**
 * Runs `work` outside every unit. A socket calls back in the context that it was made in, so one that is made inside a
 * unit would claim for it what others do later.
 */
export function outsideUnits<Result>(work: () => Result): Result {
  return contextUnit() === undefined ? work() : storage.run(undefined, work)
}

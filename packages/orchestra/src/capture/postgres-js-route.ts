import { codeOf, hasCode } from '../store/index.ts'
import {
  controlsTransaction,
  firstWordOf,
  HeldOutcome,
  handTo,
  type LazyQuery,
  type Outcome,
  type PostgresJs,
  send,
} from './postgres-js-query.ts'
import { REFUSES_COMPANY, setLocals, settingsOf } from './settings.ts'
import { type ContextUnit, currentId, outsideUnits } from './unit.ts'

/** Sends a query in a unit, over one instance, transaction or reserved connection. */
export type Route = (unit: ContextUnit, query: LazyQuery) => void

export function settingsTextOf(unit: ContextUnit, id: string): string {
  return setLocals(settingsOf(id, unit)).join('; ')
}

/** Over a pool: outside of `begin`, no connection has a transaction open. */
export function poolRoute(sql: PostgresJs): Route {
  return (unit, query) => {
    if (controlsTransaction(query)) handTo(sql, query)
    else if (query.options.simple) sendInOneText(sql, unit, query)
    else void within(inTransaction, sql, unit, query)
  }
}

/** Over one connection, where the application may have a transaction open. One after the other, for the server is asked. */
export function sessionRoute(sql: PostgresJs): Route {
  let turn: Promise<void> = Promise.resolve()
  return (unit, query) => {
    turn = turn.then(async () => {
      if (controlsTransaction(query)) handTo(sql, query)
      else if (query.options.simple) sendInOneText(sql, unit, query)
      else if (await isOpen(sql, unit)) handTo(sql, query)
      else await within(inOwnTransaction, sql, unit, query)
    })
  }
}

/** Settings that end with their transaction are there in the next statement only where one is open. */
async function isOpen(sql: PostgresJs, unit: ContextUnit): Promise<boolean> {
  const mark = crypto.randomUUID()
  send(sql, `${settingsTextOf(unit, currentId(unit))}; set local orchestra.mark = '${mark}'`)
  try {
    const [row] = (await send(sql, 'show orchestra.mark')) as { [column: string]: string }[]
    return Object.values(row ?? {}).includes(mark)
  } catch {
    // In a failed transaction the query fails as well.
    return true
  }
}

/** Several statements in one text are one transaction, in which the first tell whose it is. */
function sendInOneText(sql: PostgresJs, unit: ContextUnit, query: LazyQuery): void {
  const { strings } = query
  const before = `${settingsTextOf(unit, currentId(unit))}; `
  const setsItself = firstWordOf(query) === 'set'
  const held = new HeldOutcome(query)
  query.strings = [before + (strings[0] ?? ''), ...strings.slice(1)]
  void held.ended.then((outcome) => {
    query.strings = strings
    if (outcome.kind === 'rejected' && isRefused(outcome.error)) sendAlone(sql, held, outcome)
    else if (outcome.kind === 'rejected') held.tell(placedBack(outcome, before))
    else held.tell(setsItself ? outcome : withoutOurs(outcome))
  })
  handTo(sql, query)
}

/** Where a transaction of the application's is open, being refused has failed it, and the refusal is what it has to hear. */
function sendAlone(sql: PostgresJs, refused: HeldOutcome, why: Outcome): void {
  const query = refused.release()
  const held = new HeldOutcome(query)
  void held.ended.then((outcome) => held.tell(isTooLate(outcome) ? why : outcome))
  handTo(sql, query)
}

/** What answers rows begins a result of its own, and leaves that of the settings before it. */
function withoutOurs(outcome: Outcome & { kind: 'resolved' }): Outcome {
  const { value } = outcome
  if (!Array.isArray(value) || !Array.isArray(value[0])) return outcome
  const [first, ...others] = value as { command?: string }[]
  if (first?.command !== 'SET') return outcome
  return { kind: 'resolved', value: others.length === 1 ? others[0] : others }
}

/** Postgres counts the characters of the whole text. */
function placedBack(outcome: Outcome & { kind: 'rejected' }, before: string): Outcome {
  const { error } = outcome
  if (error instanceof Error && 'position' in error && error.position !== undefined)
    error.position = String(Number(error.position) - [...before].length)
  return outcome
}

function isRefused(error: unknown): boolean {
  return hasCode(error, REFUSES_COMPANY)
}

/** Whether it came too late: a statement before it had failed in the same transaction. */
function isTooLate(outcome: Outcome): boolean {
  return outcome.kind === 'rejected' && codeOf(outcome.error) === '25P02'
}

type Around = (
  sql: PostgresJs,
  unit: ContextUnit,
  query: LazyQuery,
  ended: Promise<Outcome>,
) => Promise<Outcome>

/** Runs a query in a transaction of ours, and tells its caller when that has ended; alone where it is refused in one. */
async function within(run: Around, sql: PostgresJs, unit: ContextUnit, query: LazyQuery): Promise<void> {
  const held = new HeldOutcome(query)
  const outcome = await run(sql, unit, query, held.ended)
  if (outcome.kind === 'rejected' && isRefused(outcome.error)) handTo(sql, held.release())
  else held.tell(outcome)
}

/** In a transaction of the library, on a connection of its own. */
const inTransaction: Around = async (sql, unit, query, ended) => {
  const work = async (transaction: PostgresJs): Promise<Outcome> => {
    send(transaction, settingsTextOf(unit, currentId(unit)))
    handTo(transaction, query)
    const outcome = await ended
    if (outcome.kind === 'rejected') throw outcome.error
    return outcome
  }
  try {
    return (await outsideUnits(() => sql.begin?.(work))) as Outcome
  } catch (error) {
    return { kind: 'rejected', error }
  }
}

/** On a connection where nothing is open: all of it is sent at once. After an error, Postgres takes the commit for a rollback. */
const inOwnTransaction: Around = async (sql, unit, query, ended) => {
  const begun = send(sql, `begin; ${settingsTextOf(unit, currentId(unit))}`)
  handTo(sql, query)
  const committed = send(sql, 'commit')
  try {
    const outcome = await ended
    await begun
    await committed
    return outcome
  } catch (error) {
    return { kind: 'rejected', error }
  }
}

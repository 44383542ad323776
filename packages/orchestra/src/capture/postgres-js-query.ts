import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transform } from './postgres-js-answer.ts'
import { endsTransaction, firstWord } from './statement.ts'
import { outsideUnits } from './unit.ts'

/** What is used of an instance of postgres.js, of one of its transactions, or of a connection that it has reserved. */
export interface PostgresJs {
  (first: never, ...rest: never[]): unknown
  unsafe: (text: string) => unknown
  file?: unknown
  options?: { max?: unknown; transform?: Transform }
  reserve?: unknown
  savepoint?: unknown
  // biome-ignore lint/complexity/noBannedTypes: its parameters are types of that package
  begin?: Function
}

/** A query of postgres.js: a promise that hands itself to its handler when somebody first asks for its result. */
export interface LazyQuery extends Promise<unknown> {
  strings: readonly string[]
  args: readonly unknown[]
  handler: (query: LazyQuery) => void
  options: { simple?: boolean }
  executed: boolean
  streaming?: boolean
  cursorFn?: (rows: unknown) => unknown
  forEachFn?: (row: unknown, result: unknown) => unknown
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

export function isLazyQuery(value: unknown): value is LazyQuery {
  return value instanceof Promise && 'handler' in value && 'strings' in value && 'executed' in value
}

/** The word that its text begins with. */
export function firstWordOf(query: LazyQuery): string {
  return firstWord(beginningOf(query))
}

/** Whether it begins or ends a transaction of the application: such a query goes as it is. */
export function controlsTransaction(query: LazyQuery): boolean {
  const text = beginningOf(query)
  return endsTransaction(text) || BEGINS.has(firstWord(text))
}

const BEGINS = new Set(['begin', 'start'])

/** The text before its first value, which may be that of a fragment. */
function beginningOf(query: LazyQuery): string {
  const [text = ''] = query.strings
  const [fragment] = query.args
  return text.trim() === '' && isLazyQuery(fragment) ? beginningOf(fragment) : text
}

/** Sends a text of ours now; asked for its result, it would be sent a moment later, behind others. */
export function send(sql: PostgresJs, text: string): Promise<unknown> {
  const query = sql.unsafe(text) as LazyQuery
  query.executed = true
  outsideUnits(() => query.handler(query))
  query.catch(() => undefined)
  return query
}

/** Hands a query to an instance other than the one that made it. */
export function handTo(sql: PostgresJs, query: LazyQuery): void {
  const { handler } = sql.unsafe('') as LazyQuery
  outsideUnits(() => handler(query))
}

/** What listens to a query's rows is called in the context of its socket; this makes it that of the query. */
export function keepContext(query: LazyQuery): void {
  if (query.cursorFn !== undefined) query.cursorFn = AsyncLocalStorage.bind(query.cursorFn)
  if (query.forEachFn !== undefined) query.forEachFn = AsyncLocalStorage.bind(query.forEachFn)
}

export type Outcome = { kind: 'resolved'; value: unknown } | { kind: 'rejected'; error: unknown }

/** Keeps what became of a query from its caller, until a transaction around it has ended. */
export class HeldOutcome {
  readonly #query: LazyQuery
  #resolve: LazyQuery['resolve']
  #reject: LazyQuery['reject']
  readonly #ended = Promise.withResolvers<Outcome>()

  constructor(query: LazyQuery) {
    this.#query = query
    this.#resolve = query.resolve
    this.#reject = query.reject
    // A cursor sets them anew with each step.
    Object.defineProperties(query, {
      resolve: {
        configurable: true,
        get: () => (value: unknown) => this.#resolved(value),
        set: (resolve: LazyQuery['resolve']) => {
          this.#resolve = resolve
        },
      },
      reject: {
        configurable: true,
        get: () => (error: unknown) => this.#ended.resolve({ kind: 'rejected', error }),
        set: (reject: LazyQuery['reject']) => {
          this.#reject = reject
        },
      },
    })
  }

  get ended(): Promise<Outcome> {
    return this.#ended.promise
  }

  /** Gives the query back to those who wait for it. */
  release(): LazyQuery {
    for (const [name, value] of [
      ['resolve', this.#resolve],
      ['reject', this.#reject],
    ] as const)
      Object.defineProperty(this.#query, name, { value, writable: true, configurable: true })
    return this.#query
  }

  tell(outcome: Outcome): void {
    const query = this.release()
    if (outcome.kind === 'resolved') query.resolve(outcome.value)
    else query.reject(outcome.error)
  }

  /** The first answer of a COPY is its stream, and only what is done with that ends it. */
  #resolved(value: unknown): void {
    if (isStream(value)) this.#resolve(value)
    else this.#ended.resolve({ kind: 'resolved', value })
  }
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'pipe' in value
}

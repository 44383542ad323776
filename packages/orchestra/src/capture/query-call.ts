import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'

/** What `pg` sends: its own query, a cursor, a COPY stream. */
export interface Submittable {
  submit: (connection: unknown) => unknown
}

/** What `pg` makes of the arguments of `query`. */
interface Query extends Submittable {
  callback: ((error: Error | null, result?: unknown) => void) | undefined
  query_timeout?: unknown
}

export type QueryConstructor = new (...args: readonly unknown[]) => Query

/** One call of `query`: what to submit, and what the caller gets. */
export interface QueryCall {
  query: Submittable
  /** Undefined where `pg` itself answers, with the query. */
  answer: { promise: Promise<unknown> | undefined } | undefined
}

/** The class of the queries that a client makes of texts; undefined for one that is not the driver in JavaScript. */
export function queryClassOf(client: pg.ClientBase): QueryConstructor | undefined {
  return (client.constructor as { Query?: QueryConstructor }).Query
}

/** Reads a call of `query` in any of its forms; undefined where the driver refuses the arguments. */
export function readCall(Query: QueryConstructor, args: readonly unknown[]): QueryCall | undefined {
  const [config] = args
  if (config === null || config === undefined) return undefined
  if (isSubmittable(config)) return { query: config, answer: undefined }
  const query = new Query(...args)
  // The driver looks for it in the arguments.
  if (typeof config === 'object' && 'query_timeout' in config) query.query_timeout = config.query_timeout
  if (!query.callback) return { query, answer: { promise: promiseOf(query) } }
  if (typeof query.callback !== 'function') return undefined
  query.callback = AsyncLocalStorage.bind(query.callback)
  return { query, answer: { promise: undefined } }
}

function isSubmittable(config: unknown): config is Submittable {
  return (config as Partial<Submittable>).submit instanceof Function
}

function promiseOf(query: Query): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  query.callback = (error, result) => (error ? reject(error) : resolve(result))
  return promise.catch((error: unknown) => {
    // As the driver does: the stack then leads to the caller and not to its socket.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  })
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile } from 'node:fs/promises'
import { OrchestraError } from '../errors.ts'
import type { Transform } from './postgres-js-answer.ts'
import { clientOver } from './postgres-js-client.ts'
import { firstWordOf, handTo, isLazyQuery, keepContext, type PostgresJs, send } from './postgres-js-query.ts'
import { poolRoute, type Route, sessionRoute, settingsTextOf } from './postgres-js-route.ts'
import { type ContextUnit, contextUnit, currentId, type OpenClient, outsideUnits } from './unit.ts'

type Method = (...args: unknown[]) => unknown

/**
 * The same instance of postgres.js, whose queries and transactions inside a unit of work carry the unit. Queries stay lazy:
 * one belongs to the unit in which its result is first asked for.
 */
export function wrapPostgresJs<Sql extends PostgresJs>(sql: Sql): Sql {
  if (typeof sql !== 'function' || typeof sql.begin !== 'function') throw notAnInstance()
  // Alone on its connection, the application may begin transactions by text.
  const route = sql.options?.max === 1 ? sessionRoute(sql) : poolRoute(sql)
  return wrap(sql, route, {
    begin: (...args) => begin(sql, args),
    reserve: async () => {
      const reserved = (await outsideUnits(() => (sql.reserve as Method)())) as PostgresJs
      return wrap(reserved, sessionRoute(reserved), {})
    },
  })
}

function notAnInstance(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'orchestra.sql() was given something other than postgres.js', {
    hint: 'Give it what `postgres(...)` answers; a pool of `pg` is wrapped by orchestra.pool()',
  })
}

/** The same, with queries that take a route of ours, and with methods of ours in place of some. */
function wrap<Sql extends PostgresJs>(sql: Sql, route: Route, own: Record<string | symbol, Method>): Sql {
  const methods: Record<string | symbol, Method> = {
    unsafe: (...args) => routed((sql.unsafe as Method)(...args), route),
    file: (...args) => routed((sql.file as Method)(...args), route, String(args[0])),
    ...own,
  }
  return new Proxy(sql, {
    apply: (target, _this, args) =>
      routed(Reflect.apply(target as unknown as Method, undefined, args), route),
    get: (target, property) =>
      Object.hasOwn(methods, property) ? methods[property] : Reflect.get(target, property, target),
  })
}

/** A query that takes the route of whoever asks for its result; other helpers of postgres.js stay as they are. */
function routed(query: unknown, route: Route, path?: string): unknown {
  if (!isLazyQuery(query)) return query
  const plain = query.handler
  query.handler = () => {
    const unit = contextUnit()
    if (unit === undefined) return plain(query)
    unit.statements++
    keepContext(query)
    if (path === undefined) return route(unit, query)
    readFile(path, 'utf8').then(
      (text) => {
        query.strings = [text]
        route(unit, query)
      },
      (error: unknown) => query.reject(error),
    )
  }
  return query
}

/** A transaction of the library: bound right at its start, and read through by `unit.plan()`. */
function begin(sql: PostgresJs, args: readonly unknown[]): unknown {
  const unit = contextUnit()
  const work = inContext(args.at(-1) as Method)
  const run = async (transaction: PostgresJs) => {
    const scope = new TransactionScope(transaction, sql.options?.transform)
    if (unit !== undefined) scope.bind(unit)
    try {
      return await work(wrapTransaction(transaction, scope))
    } finally {
      scope.end()
    }
  }
  return outsideUnits(() => (sql.begin as Method)(...args.slice(0, -1), run))
}

/** Of an array, postgres.js waits for each; a query in it or alone is asked for here, in the context of its caller. */
function inContext(work: Method): (sql: PostgresJs) => Promise<unknown> {
  return AsyncLocalStorage.bind(async (sql: PostgresJs) => {
    const result = work(sql)
    return Array.isArray(result) ? Promise.all(result) : result
  })
}

class TransactionScope {
  readonly #transaction: PostgresJs
  readonly #client: OpenClient
  /** The unit whose settings the transaction has. */
  bound: ContextUnit | undefined
  /** The unit that wrote in it last, and the id that it wrote under. */
  #owner: ContextUnit | undefined
  #ownerId = ''

  constructor(transaction: PostgresJs, transform: Transform | undefined) {
    this.#transaction = transaction
    this.#client = clientOver(transaction, transform)
  }

  bind(unit: ContextUnit): void {
    if (this.bound === unit) return
    this.bound = unit
    if (this.#owner !== unit) this.#own(unit)
    send(this.#transaction, settingsTextOf(unit, this.#ownerId))
  }

  /** What was begun while the unit went on belongs to it to the end. */
  #own(unit: ContextUnit): void {
    this.end()
    this.#owner = unit
    this.#ownerId = currentId(unit)
    unit.openClients.add(this.#client)
  }

  end(): void {
    this.#owner?.openClients.delete(this.#client)
  }
}

function wrapTransaction(transaction: PostgresJs, scope: TransactionScope): PostgresJs {
  const route: Route = (unit, query) => {
    scope.bind(unit)
    if (firstWordOf(query) === 'rollback') scope.bound = undefined
    handTo(transaction, query)
  }
  return wrap(transaction, route, { savepoint: (...args) => savepoint(transaction, scope, args) })
}

/** Going back to a savepoint undoes what was set since, and leaves what was set before. */
async function savepoint(
  transaction: PostgresJs,
  scope: TransactionScope,
  args: readonly unknown[],
): Promise<unknown> {
  const before = scope.bound
  const work = args.at(-1)
  const bound =
    typeof work === 'function' ? [...args.slice(0, -1), savepointWork(work as Method, scope)] : args
  try {
    return await (transaction.savepoint as Method)(...bound)
  } catch (error) {
    scope.bound = before
    throw error
  }
}

function savepointWork(work: Method, scope: TransactionScope): (inner: PostgresJs) => Promise<unknown> {
  const run = inContext(work)
  return (inner) => run(wrapTransaction(inner, scope))
}

import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'
import { OrchestraError } from '../errors.ts'
import { type Company, type PgConnection, WatchedConnection } from './connection.ts'
import { type QueryConstructor, queryClassOf, readCall, type Submittable } from './query-call.ts'
import { type Settings, selectWithLiterals, selectWithParameters, setLocals, settingsOf } from './settings.ts'
import { bindingOf, type Protocol } from './statement.ts'
import { type ContextUnit, contextUnit, currentId, outsideUnits } from './unit.ts'

export type Method = (...args: unknown[]) => unknown

/** One client: sends what is queried inside a unit together with the settings that bind its transaction to the unit. */
class ClientBinding {
  readonly #client: pg.ClientBase
  readonly #query: Method
  readonly #Query: QueryConstructor
  readonly #connection: WatchedConnection
  readonly #repeatable: boolean
  /** The unit whose settings the open transaction has. */
  #bound: ContextUnit | undefined
  /** The unit that wrote in the open transaction, also where going back to a savepoint undid its settings. */
  #owner: ContextUnit | undefined
  /** The id that it wrote under: what was begun while the unit went on belongs to it to the end. */
  #ownerId = ''

  constructor(client: pg.ClientBase, query: Method) {
    const { connection, pipeline } = client as Partial<pg.Client>
    const Query = queryClassOf(client)
    if (connection === undefined || Query === undefined) throw notSupported()
    this.#client = client
    this.#query = query
    this.#Query = Query
    // Behind a statement that has to be sent again, a pipeline would already have sent others.
    this.#repeatable = pipeline !== true
    const status = client.getTransactionStatus?.()
    this.#connection = new WatchedConnection(connection as unknown as PgConnection, status, {
      undone: () => {
        this.#bound = undefined
      },
      ended: () => this.#ended(),
    })
  }

  query(args: unknown[]): unknown {
    const unit = contextUnit()
    const call = unit === undefined ? undefined : readCall(this.#Query, args)
    if (unit === undefined || call === undefined) return this.#query(...args)
    this.#submitFor(unit, call.query)
    const { query, answer } = call
    const result = answer === undefined ? this.#query(...args) : this.#query(query)
    return answer === undefined ? result : answer.promise
  }

  /** Back in the pool, it is no longer the unit's to read from. */
  released(): void {
    this.#owner?.openClients.delete(this.#client)
  }

  /** Whether a transaction is open is known when the driver sends the query, after those that wait before it. */
  #submitFor(unit: ContextUnit, query: Submittable): void {
    const { submit } = query
    const isOwn = Object.hasOwn(query, 'submit')
    const deliver = AsyncLocalStorage.snapshot()
    const repeatable = this.#repeatable && query instanceof this.#Query
    query.submit = (connection) => {
      if (isOwn) query.submit = submit
      else Reflect.deleteProperty(query, 'submit')
      return this.#connection.send({
        company: (protocol, text, canRepeat) => this.#companyOf(unit, protocol, text, canRepeat),
        submit: () => submit.call(query, connection),
        deliver,
        leftOpen: () => this.#leftOpen(unit),
        repeatable,
      })
    }
  }

  #companyOf(unit: ContextUnit, protocol: Protocol, text: string, repeatable: boolean): Company | undefined {
    const { standing } = this.#connection
    unit.statements++
    const bound = this.#bound === unit
    const binding = bindingOf({ text, protocol, standing, bound, repeatable })
    if (binding === 'none') return undefined
    this.#bind(unit)
    const settings = settingsOf(this.#ownerId, unit)
    return binding === 'set' ? { texts: setLocals(settings), values: [] } : selection(protocol, settings)
  }

  #bind(unit: ContextUnit): void {
    this.#bound = unit
    if (this.#owner === unit) return
    this.released()
    this.#owner = unit
    this.#ownerId = currentId(unit)
  }

  /** In a pipeline, the end of an earlier transaction may have been told in between. */
  #leftOpen(unit: ContextUnit): void {
    this.#owner ??= unit
    this.#owner.openClients.add(this.#client)
  }

  #ended(): void {
    this.released()
    this.#bound = undefined
    this.#owner = undefined
  }
}

function selection(protocol: Protocol, settings: Settings): Company {
  return protocol === 'simple'
    ? { texts: [selectWithLiterals(settings)], values: [] }
    : { texts: [selectWithParameters(settings)], values: settings.map(([, value]) => value) }
}

function notSupported(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'This client is not one of the `pg` driver in JavaScript', {
    hint: 'Give Orchestra clients of `pg` itself: those of `pg.native` do not show the protocol, so nothing can be bound there',
  })
}

const bindings = new WeakMap<pg.ClientBase, ClientBinding>()

/** By client and by proxy, so that what is wrapped already stays as it is. */
const wrapped = new WeakMap<pg.ClientBase, pg.ClientBase>()

/** Queries through a client of a wrapped class; `query` is what the class inherits. */
export function queryBound(client: pg.ClientBase, query: Method, args: unknown[]): unknown {
  return bindingFor(client, query).query(args)
}

/** Binds a client whose class sends its queries to `queryBound`. */
export function bindClient(client: pg.ClientBase, query: Method): void {
  bindingFor(client, query)
  wrapped.set(client, client)
}

/**
 * The same client, whose transactions inside a unit of work carry the unit. For libraries that make their own clients;
 * those of a wrapped pool are wrapped already.
 */
export function wrapClient<Client extends pg.ClientBase>(client: Client): Client {
  const known = wrapped.get(client)
  if (known !== undefined) return known as Client
  const binding = bindingFor(client, (...args) => (client.query as Method)(...args))
  let query: unknown = (...args: unknown[]) => binding.query(args)
  const proxy = new Proxy(client, {
    get: (target, property) => (property === 'query' ? query : Reflect.get(target, property, target)),
    // Applications put a function of their own before it, which calls the one that was there.
    set: (target, property, value) => {
      if (property !== 'query') return Reflect.set(target, property, value, target)
      query = value
      return true
    },
  })
  wrapped.set(client, proxy)
  wrapped.set(proxy, proxy)
  return proxy
}

/** Makes giving a client back to its pool end what the unit has of it. The pool sets `release` anew each time. */
export function releaseOutsideUnits(client: pg.PoolClient): void {
  const { release } = client
  client.release = (error) => {
    bindings.get(client)?.released()
    outsideUnits(() => release(error))
  }
}

function bindingFor(client: pg.ClientBase, query: Method): ClientBinding {
  const known = bindings.get(client)
  if (known !== undefined) return known
  const binding = new ClientBinding(client, query)
  bindings.set(client, binding)
  return binding
}

import type pg from 'pg'
import { answer, type QueryCall, readCall } from './query-call.ts'
import { kindOf, type StatementKind, settingsOf } from './statement.ts'
import { currentUnit, outsideUnits, type TrackedUnit } from './unit.ts'

type Query = (...args: unknown[]) => unknown

/** Statements that bind a caller's statement to its unit. */
interface Frame {
  before?: string
  after?: string
}

/** One connection: knows whether a transaction is open there, and binds it to the unit that uses it. */
class ClientBinding {
  readonly #client: pg.ClientBase
  readonly #query: Query
  #open = false
  /** The unit that the open transaction's settings name. */
  #bound: TrackedUnit | undefined
  /** Ends when what was sent with statements of ours around it has ended. */
  #tail: Promise<unknown> | undefined

  constructor(client: pg.ClientBase) {
    this.#client = client
    this.#query = (client.query as Query).bind(client)
  }

  query(...args: unknown[]): unknown {
    const call = readCall(args)
    const frame = this.#frame(kindOf(call.text), call.reportsItself)
    if (frame === undefined && this.#tail === undefined) return this.#send(call)
    if (call.reportsItself) {
      this.#enqueue(async () => this.#send(call)).catch(() => undefined)
      return args[0]
    }
    const result = this.#enqueue(() => this.#sendFramed(call, frame ?? {}))
    return answer(call, result)
  }

  /** Back in the pool, it is no longer the unit's to read from. */
  released(): void {
    this.#bound?.openClients.delete(this.#client)
  }

  #send({ args, callback }: QueryCall): unknown {
    return outsideUnits(() =>
      callback === undefined ? this.#query(...args) : this.#query(...args, callback),
    )
  }

  #frame(kind: StatementKind, reportsItself: boolean): Frame | undefined {
    // Nobody could tell the caller of a query object that a statement of ours failed.
    const unit = reportsItself ? undefined : currentUnit()
    if (this.#open) return this.#frameInTransaction(kind, unit)
    if (kind !== 'begin' && kind !== 'begin and more') {
      return kind === 'write' && unit !== undefined
        ? { before: `begin; ${settingsOf(unit)}`, after: 'commit' }
        : undefined
    }
    const settings = unit === undefined ? undefined : this.#bind(unit)
    this.#open = true
    if (settings === undefined) return undefined
    return kind === 'begin' ? { after: settings } : { before: `begin; ${settings}` }
  }

  #frameInTransaction(kind: StatementKind, unit: TrackedUnit | undefined): Frame | undefined {
    if (kind === 'end' || kind === 'chain' || kind === 'rewind') {
      this.#unbind()
      this.#open = kind !== 'end'
      return undefined
    }
    return unit === undefined || unit === this.#bound ? undefined : { before: this.#bind(unit) }
  }

  /** Answers the statements that tell the database. */
  #bind(unit: TrackedUnit): string {
    const settings = settingsOf(unit)
    this.#unbind()
    this.#bound = unit
    unit.openClients.add(this.#client)
    return settings
  }

  #unbind(): void {
    this.#bound?.openClients.delete(this.#client)
    this.#bound = undefined
  }

  /** One after the other: the driver no longer wants to queue. */
  #enqueue(work: () => Promise<unknown>): Promise<unknown> {
    const result = (this.#tail ?? Promise.resolve()).then(work)
    const tail = result
      .catch(() => undefined)
      .then(() => {
        if (this.#tail === tail) this.#tail = undefined
      })
    this.#tail = tail
    return result
  }

  async #sendFramed({ args }: QueryCall, { before, after }: Frame): Promise<unknown> {
    const send = async (...query: unknown[]) => outsideUnits(() => this.#query(...query))
    if (before !== undefined) await send(before)
    try {
      const result = await send(...args)
      if (after !== undefined) await send(after)
      return result
    } catch (error) {
      if (after === 'commit') await send('rollback').catch(() => undefined)
      throw error
    }
  }
}

/** By client and by proxy, so that what is wrapped already stays as it is. */
const proxies = new WeakMap<pg.ClientBase, pg.ClientBase>()

/**
 * The same client, whose transactions inside a unit of work carry the unit. For libraries that make their own clients;
 * those of a wrapped pool are wrapped already.
 */
export function wrapClient<Client extends pg.ClientBase>(client: Client): Client {
  const known = proxies.get(client)
  if (known !== undefined) return known as Client
  const binding = new ClientBinding(client)
  const query = binding.query.bind(binding)
  const proxy = new Proxy(client, {
    get: (target, property) => {
      if (property === 'query') return query
      const value: unknown = Reflect.get(target, property, target)
      return property === 'release' && typeof value === 'function' ? releasing(target, binding, value) : value
    },
  })
  proxies.set(client, proxy)
  proxies.set(proxy, proxy)
  return proxy
}

function releasing(client: pg.ClientBase, binding: ClientBinding, release: unknown): Query {
  return (...args) => {
    binding.released()
    return (release as Query).apply(client, args)
  }
}

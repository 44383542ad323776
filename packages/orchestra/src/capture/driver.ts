import type pg from 'pg'
import { OrchestraError } from '../errors.ts'
import { bindClient, type Method, queryBound } from './client.ts'
import { connectWrapped } from './pool.ts'

/** What a module of the driver has that makes connections. */
export interface PgDriver {
  Client: typeof pg.Client
  Pool: typeof pg.Pool
}

/**
 * The same module of `pg`, whose clients and pools carry the unit of work they are used in. For libraries that take the driver
 * and make their own pools.
 */
export function wrapDriver<Driver extends PgDriver>(driver: Driver): Driver {
  const { Client: PlainClient, Pool: PlainPool } = driver
  if (typeof PlainClient !== 'function' || typeof PlainPool !== 'function') throw notADriver()
  const Client = clientClass(PlainClient)
  const own: Record<string | symbol, unknown> = { Client, Pool: poolClass(PlainPool, Client) }
  const wrapped: Driver = new Proxy(driver, {
    get: (target, property) => {
      if (Object.hasOwn(own, property)) return own[property]
      // The one over libpq shows nothing of the protocol; for libraries that would prefer it, it is not installed.
      if (property === 'native') return null
      const value: unknown = Reflect.get(target, property, target)
      // A namespace that was imported holds the module once more.
      return property === 'default' && value instanceof Object && 'Pool' in value ? wrapped : value
    },
  })
  return wrapped
}

function clientClass(Plain: typeof pg.Client): typeof pg.Client {
  class Client extends Plain {
    constructor(config?: string | pg.ClientConfig) {
      super(config)
      bindClient(this, super.query.bind(this) as Method)
    }
  }
  const inherited = Plain.prototype.query as Method
  Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    return queryBound(this, inherited.bind(this), args)
  } as typeof Plain.prototype.query
  return Client
}

function poolClass(Plain: typeof pg.Pool, Client: typeof pg.Client): typeof pg.Pool {
  class Pool extends Plain {
    constructor(options?: pg.PoolConfig) {
      super({ ...options, Client: options?.Client ?? Client })
    }
  }
  const inherited = Plain.prototype.connect as () => Promise<pg.PoolClient>
  Pool.prototype.connect = function (this: pg.Pool, callback?: Parameters<typeof connectWrapped>[1]) {
    return connectWrapped(() => inherited.call(this), callback)
  } as typeof Plain.prototype.connect
  return Pool
}

function notADriver(): OrchestraError {
  return new OrchestraError(
    'ORC_USAGE',
    'orchestra.driver() was given something other than the module `pg`',
    {
      hint: "`import pg from 'pg'` and `orchestra.driver(pg)`; a pool is wrapped by orchestra.pool(), postgres.js by orchestra.sql()",
    },
  )
}

import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'
import { releaseOutsideUnits, wrapClient } from './client.ts'
import { outsideUnits } from './unit.ts'

type Release = (error?: Error | boolean) => void
type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void

/**
 * The same pool, whose transactions inside a unit of work carry the unit's id, actor and source. Only settings local to a
 * transaction are used, so it works behind poolers too. Outside a unit everything passes through as it is.
 */
export function wrapPool<Pool extends pg.Pool>(pool: Pool): Pool {
  const connect = (callback?: ConnectCallback) => connectWrapped(() => pool.connect(), callback)
  // The pool's own, with the `connect` above.
  const query = (...args: unknown[]) => Reflect.apply(pool.query, proxy, args)
  const proxy: Pool = new Proxy(pool, {
    get: (target, property) => {
      if (property === 'query') return query
      return property === 'connect' ? connect : Reflect.get(target, property, target)
    },
  })
  return proxy
}

/** Connects outside of units, and answers by callback or promise as the pool does. */
export function connectWrapped(
  connect: () => Promise<pg.PoolClient>,
  callback: ConnectCallback | undefined,
): Promise<pg.PoolClient> | undefined {
  const connected = outsideUnits(connect).then(wrapPooled)
  if (callback === undefined) return connected
  const inContext = AsyncLocalStorage.bind(callback)
  connected.then(
    (client) => process.nextTick(inContext, undefined, client, client.release),
    (error: Error) => process.nextTick(inContext, error, undefined, () => undefined),
  )
  return undefined
}

function wrapPooled(client: pg.PoolClient): pg.PoolClient {
  try {
    const proxy = wrapClient(client)
    releaseOutsideUnits(client)
    return proxy
  } catch (error) {
    client.release()
    throw error
  }
}

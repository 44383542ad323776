import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'
import { wrapClient } from './client.ts'
import { answer, type QueryCall, readCall } from './query-call.ts'
import { kindOf } from './statement.ts'
import { currentUnit, outsideUnits } from './unit.ts'

type Release = (error?: Error | boolean) => void
type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void

/**
 * The same pool, whose transactions inside a unit of work carry the unit's id, actor and source. Only settings local to a
 * transaction are used, so it works behind poolers too. Outside a unit everything passes through as it is.
 */
export function wrapPool<Pool extends pg.Pool>(pool: Pool): Pool {
  const query = (...args: unknown[]) => queryPool(pool, args)
  const connect = (callback?: ConnectCallback) => connectPool(pool, callback)
  return new Proxy(pool, {
    get: (target, property) => {
      if (property === 'query') return query
      return property === 'connect' ? connect : Reflect.get(target, property, target)
    },
  })
}

function queryPool(pool: pg.Pool, args: readonly unknown[]): unknown {
  const call = readCall(args)
  const needsUnit = currentUnit() !== undefined && !call.reportsItself && kindOf(call.text) === 'write'
  if (needsUnit) return answer(call, queryOnOwnClient(pool, call))
  const send = pool.query as (...args: unknown[]) => unknown
  const passed = call.callback === undefined ? call.args : [...padded(call.args), call.callback]
  return outsideUnits(() => send.apply(pool, [...passed]))
}

/** The pool takes a callback in second or third place, but only in third beside a query object without values. */
function padded(args: readonly unknown[]): readonly unknown[] {
  return args.length < 2 ? [args[0], undefined] : args
}

async function queryOnOwnClient(pool: pg.Pool, call: QueryCall): Promise<unknown> {
  const client = await connectWrapped(pool)
  const send = client.query as (...args: unknown[]) => Promise<unknown>
  try {
    const result = await send(...call.args)
    client.release()
    return result
  } catch (error) {
    client.release(error instanceof Error ? error : true)
    throw error
  }
}

async function connectWrapped(pool: pg.Pool): Promise<pg.PoolClient> {
  return wrapClient(await outsideUnits(() => pool.connect()))
}

function connectPool(
  pool: pg.Pool,
  callback: ConnectCallback | undefined,
): Promise<pg.PoolClient> | undefined {
  const connected = connectWrapped(pool)
  if (callback === undefined) return connected
  const inContext = AsyncLocalStorage.bind(callback)
  connected.then(
    (client) => process.nextTick(inContext, undefined, client, client.release),
    (error: Error) => process.nextTick(inContext, error, undefined, () => undefined),
  )
  return undefined
}

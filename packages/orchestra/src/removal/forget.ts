import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import { audit, getServer } from '../server/index.ts'
import { givingWay, type Queryable, type Store } from '../store/index.ts'
import { type GivenUp, giveUp, type PlaceSelector, placedIn } from './give-up.ts'

/** An object, a server, or an object on a server; of one backend or all. */
export interface ForgetTarget {
  object?: { model: string; key: Key }
  server?: string
  backend?: string
}

export interface Forgotten extends GivenUp {
  /** The first of the objects that were placed there, by name. */
  objects: string[]
}

const MOST_NAMES = 10

/** How many objects of a target are placed, and the names of the first. */
export async function whatWouldBeForgotten(
  store: Store,
  target: ForgetTarget,
): Promise<{ count: number; names: string[] }> {
  return placedIn(store, await placeOf(store, target), MOST_NAMES)
}

/**
 * Gives up what stands in the target's places: what is there stays there, and Orchestra knows nothing of it any more. What waits
 * for it is revoked.
 * @throws OrchestraError ORC_USAGE, ORC_SERVER_UNKNOWN, ORC_OBJECT_UNKNOWN
 */
export async function forget(store: Store, target: ForgetTarget, by: string): Promise<Forgotten> {
  return givingWay(store, async (tx) => {
    const place = await placeOf(tx, target)
    const { names } = await placedIn(tx, place, MOST_NAMES)
    const given = await giveUp(tx, place, `given up by ${by}`)
    if (Object.values(given).every((count) => count === 0)) throw nothingKnown(target)
    const forgotten = { ...given, objects: names }
    await audit(tx, { by, action: 'forget', target: targetName(target), detail: { ...forgotten } })
    await tx.query(`select pg_notify('orchestra_settled', ''), pg_notify('orchestra_control', 'forget')`)
    return forgotten
  })
}

async function placeOf(db: Queryable, { object, server, backend }: ForgetTarget): Promise<PlaceSelector> {
  if (object === undefined && server === undefined) {
    throw new OrchestraError('ORC_USAGE', 'Nothing says what to forget', {
      hint: 'Give an object (site:12), --server NAME, or both',
    })
  }
  return {
    serverId: server === undefined ? null : (await getServer(db, server)).id,
    backend: backend ?? null,
    object: object === undefined ? null : { model: object.model, key: formatKey(object.key) },
  }
}

/** What people call the target. */
export function targetName({ object, server, backend }: ForgetTarget): string {
  return [
    object === undefined ? 'everything' : formatObject(object.model, object.key),
    ...(backend === undefined ? [] : [`of backend ${backend}`]),
    ...(server === undefined ? [] : [`on ${server}`]),
  ].join(' ')
}

function nothingKnown(target: ForgetTarget): OrchestraError {
  return new OrchestraError('ORC_OBJECT_UNKNOWN', `Nothing is known of ${targetName(target)}`, {
    hint: '`orchestra explain OBJECT` and `orchestra status` show what is known',
  })
}

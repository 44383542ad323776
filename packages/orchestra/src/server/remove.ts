import { OrchestraError } from '../errors.ts'
import { touchRoutes } from '../router/revision.ts'
import type { Queryable, Store } from '../store/index.ts'
import { announce, audit } from './control.ts'
import { lockServer } from './registry.ts'

/** What a server still had when it was removed. */
export interface Removal {
  routes: number
  /** Operations that were waiting or running. */
  operations: number
  /** Objects that stand on it and stay there. */
  placements: number
}

/**
 * Removes a server with its routes. Nothing is sent to it: what stands there stays. Work that waits for it is revoked.
 * @throws OrchestraError ORC_SERVER_IN_USE when it has anything left and `force` is not given
 */
export async function removeServer(
  store: Store,
  name: string,
  options: { by: string; force?: boolean },
): Promise<Removal> {
  return store.transaction(async (tx) => {
    const { id } = await lockServer(tx, name, 'update')
    const removal = await countUses(tx, id)
    if (options.force !== true) refuseUse(name, removal)
    await forgetServer(tx, id)
    await touchRoutes(tx)
    await audit(tx, { by: options.by, action: 'server.remove', target: name, detail: { ...removal } })
    await announce(tx, `server:${id}`)
    return removal
  })
}

async function countUses(tx: Queryable, id: number): Promise<Removal> {
  const [removal] = await tx.query<Removal>(
    `select
       (select count(*) from orchestra.route where server_id = $1) as routes,
       (select count(*) from orchestra.operation
        where server_id = $1 and state in ('waiting', 'running')) as operations,
       (select count(*) from orchestra.placement where server_id = $1) as placements`,
    [id],
  )
  return removal ?? { routes: 0, operations: 0, placements: 0 }
}

function refuseUse(name: string, { routes, operations, placements }: Removal): void {
  if (routes + operations + placements === 0) return
  const message = `Server ${name} has ${routes} routes, ${operations} open operations and ${placements} placed objects`
  throw new OrchestraError('ORC_SERVER_IN_USE', message, {
    hint: 'Remove its routes and let the deletes run first, or give --force to forget it as it is',
  })
}

async function forgetServer(tx: Queryable, id: number): Promise<void> {
  await tx.query('update orchestra.server set removed_at = now() where id = $1', [id])
  await tx.query('delete from orchestra.route where server_id = $1', [id])
  await tx.query('delete from orchestra.placement where server_id = $1', [id])
  await tx.query(
    `update orchestra.operation
     set state = 'done', outcome = 'revoked', error = 'its server was removed', ended_at = clock_timestamp()
     where server_id = $1 and state = 'waiting'`,
    [id],
  )
}

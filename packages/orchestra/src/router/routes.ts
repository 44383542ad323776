import type { Config } from '../config/config.ts'
import { OrchestraError } from '../errors.ts'
import { audit } from '../server/control.ts'
import { type Doer, doerOf } from '../server/doer.ts'
import { lockServer } from '../server/registry.ts'
import type { Queryable, Store } from '../store/index.ts'
import { requestSync } from '../sync/request.ts'
import { compileMatch } from './match.ts'
import { touchRoutes } from './revision.ts'

/** Sends the objects of a backend that match to a server. */
export interface Route {
  id: number
  backend: string
  serverId: number
  /** The server's name. */
  server: string
  match: string
  enabled: boolean
}

export interface NewRoute extends Doer {
  backend: string
  server: string
  /** Default `true`: every object. */
  match?: string
}

const columns = `route.id, route.backend, route.server_id as "serverId", server.name as server, route.match, route.enabled`

/**
 * Adds a route after checking everything it names.
 * @throws OrchestraError ORC_BACKEND_UNKNOWN, ORC_SERVER_UNKNOWN, ORC_ROUTE_INVALID
 */
export async function addRoute(store: Store, config: Config, options: NewRoute): Promise<Route> {
  const match = checkRoute(config, options)
  return store.transaction(async (tx) => {
    // Whoever removes the server at this moment waits until the route is there to be removed with it.
    const server = await lockServer(tx, options.server, 'share')
    const [row] = await tx.query<{ id: number }>(
      'insert into orchestra.route (backend, server_id, match) values ($1, $2, $3) returning id',
      [options.backend, server.id, match],
    )
    const route = await getRoute(tx, row?.id ?? 0)
    await finishChange(tx, route, { by: doerOf(options), action: 'route.add' })
    return route
  })
}

function checkRoute(config: Config, { backend: name, match = 'true' }: NewRoute): string {
  const backend = config.backends.get(name)
  if (backend === undefined) {
    throw new OrchestraError('ORC_BACKEND_UNKNOWN', `No backend ${JSON.stringify(name)} is defined`, {
      hint: `The configuration has ${[...config.backends.keys()].join(', ')}`,
    })
  }
  return compileMatch(backend.model, match).text
}

/** All routes, in the order they were added. */
export async function listRoutes(store: Queryable): Promise<Route[]> {
  return store.query<Route>(
    `select ${columns} from orchestra.route join orchestra.server on server.id = route.server_id
     where server.removed_at is null order by route.id`,
  )
}

/** @throws OrchestraError ORC_ROUTE_UNKNOWN */
export async function getRoute(store: Queryable, id: number): Promise<Route> {
  const [route] = await store.query<Route>(
    `select ${columns} from orchestra.route join orchestra.server on server.id = route.server_id where route.id = $1`,
    [id],
  )
  if (route !== undefined) return route
  throw new OrchestraError('ORC_ROUTE_UNKNOWN', `There is no route ${id}`, {
    hint: 'See `orchestra route list`',
  })
}

/** Work that waited for the route is due again. */
export async function enableRoute(store: Store, id: number, options: Doer = {}): Promise<Route> {
  return setEnabled(store, id, true, doerOf(options))
}

/** Lets the work of the route wait; nothing is dropped. */
export async function disableRoute(store: Store, id: number, options: Doer = {}): Promise<Route> {
  return setEnabled(store, id, false, doerOf(options))
}

async function setEnabled(store: Store, id: number, enabled: boolean, by: string): Promise<Route> {
  return store.transaction(async (tx) => {
    const route = await getRoute(tx, id)
    await tx.query('update orchestra.route set enabled = $2 where id = $1', [id, enabled])
    await finishChange(tx, route, { by, action: enabled ? 'route.enable' : 'route.disable' })
    return { ...route, enabled }
  })
}

/** Removes a route. What it placed belongs there no more: its backend's `onMove` says what becomes of it. */
export async function removeRoute(store: Store, id: number, options: Doer = {}): Promise<Route> {
  return store.transaction(async (tx) => {
    const route = await getRoute(tx, id)
    await tx.query('delete from orchestra.route where id = $1', [id])
    await finishChange(tx, route, { by: doerOf(options), action: 'route.remove' })
    return route
  })
}

async function finishChange(
  tx: Queryable,
  route: Route,
  change: { by: string; action: string },
): Promise<void> {
  const { id, backend, server, match } = route
  await audit(tx, { ...change, target: `route:${id}`, detail: { backend, server, match } })
  await touchRoutes(tx)
  // A disabled route keeps its objects; any other change may send rows elsewhere that nobody touches.
  if (change.action !== 'route.disable')
    await requestSync(tx, { mode: 'sync', backend, inspects: false, actor: change.by, source: change.action })
  await tx.query('notify orchestra_wake')
}

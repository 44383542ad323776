import type { Config } from '../config/config.ts'
import { backendNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  type Narrowed,
  named,
  numbered,
  queryWith,
  seenRows,
  textIn,
} from '../query/index.ts'
import { requestSync } from '../request/request.ts'
import { audit } from '../server/control.ts'
import { type Doer, doerNames, doerOf } from '../server/doer.ts'
import { lockServer } from '../server/registry.ts'
import { checkTags } from '../server/tags.ts'
import type { Queryable, Store } from '../store/index.ts'
import type { Destination, RoutedServer } from './destination.ts'
import { decideFailuresAgain } from './failures.ts'
import { compileMatch } from './match.ts'
import { touchRoutes } from './revision.ts'

/** Sends the objects of a backend that match to one server, or to all servers with certain tags. */
export interface Route extends Destination {
  id: number
  backend: string
  match: string
  enabled: boolean
}

/** Where a route is to lead: to one server, or to every server that has all of some tags. */
export interface DestinationOptions {
  server?: string | undefined
  tags?: readonly string[] | undefined
}

export interface NewRoute extends Doer, DestinationOptions {
  backend: string
  /** Default `true`: every object. */
  match?: string | undefined
}

/** What is to be otherwise about a route; all else stays. */
export interface RouteChange extends DestinationOptions {
  match?: string | undefined
}

export interface ChangeOptions extends Doer {
  /** How many objects of one backend on one server may go; default the usual bound of a synchronization. */
  allowDeletes?: number | undefined
}

const newNames: NamesOf<NewRoute> = { ...doerNames, backend: true, server: true, tags: true, match: true }
const changeNames: NamesOf<RouteChange & ChangeOptions> = {
  ...doerNames,
  server: true,
  tags: true,
  match: true,
  allowDeletes: true,
}

const columns = `route.id, route.backend, route.server_id as "serverId", server.name as server, route.tags, route.match, route.enabled`
const table = 'orchestra.route left join orchestra.server on server.id = route.server_id'

/**
 * Adds a route after checking everything it names.
 * @throws OrchestraError ORC_BACKEND_UNKNOWN, ORC_SERVER_UNKNOWN, ORC_SERVER_INVALID, ORC_ROUTE_INVALID
 */
export async function addRoute(store: Store, config: Config, options: NewRoute): Promise<Route> {
  checkOptions('addRoute()', options, newNames)
  const backend = backendNamed(config, options.backend)
  const match = compileMatch(backend.model, options.match ?? 'true').text
  return store.transaction(async (tx) => {
    const { serverId, tags } = await lockDestination(tx, options)
    const [row] = await tx.query<{ id: number }>(
      'insert into orchestra.route (backend, server_id, tags, match) values ($1, $2, $3, $4) returning id',
      [options.backend, serverId, tags, match],
    )
    const route = await getRoute(tx, row?.id ?? 0)
    await finishChange(tx, route, { by: options.by, action: 'route.add' })
    return route
  })
}

/**
 * Changes a route in place. What it placed and leads elsewhere now moves as the backend's `onMove` says.
 * @throws OrchestraError ORC_ROUTE_UNKNOWN, ORC_SERVER_UNKNOWN, ORC_SERVER_INVALID, ORC_ROUTE_INVALID
 */
export async function setRoute(
  store: Store,
  config: Config,
  id: number,
  change: RouteChange & ChangeOptions,
): Promise<Route> {
  checkOptions('setRoute()', change, changeNames)
  return store.transaction(async (tx) => {
    const before = await getRoute(tx, id)
    const { match, serverId, tags } = await changedRoute(tx, config, before, change)
    await tx.query('update orchestra.route set match = $2, server_id = $3, tags = $4 where id = $1', [
      id,
      match,
      serverId,
      tags,
    ])
    const route = await getRoute(tx, id)
    await finishChange(tx, route, { ...change, action: 'route.set', before })
    return route
  })
}

/**
 * A route as a change would make it. Writes nothing.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_SERVER_INVALID, ORC_ROUTE_INVALID
 */
export async function changedRoute(
  tx: Queryable,
  config: Config,
  route: Route,
  change: RouteChange,
): Promise<Route> {
  const backend = config.backends.get(route.backend)
  const match = change.match ?? route.match
  if (backend !== undefined) compileMatch(backend.model, match)
  if (change.server === undefined && change.tags === undefined) return { ...route, match }
  return { ...route, match, ...(await lockDestination(tx, change)) }
}

/**
 * Checks where a route is to lead. Whoever removes the server at this moment waits until the route is there to be removed with it.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_SERVER_INVALID, ORC_USAGE
 */
export async function lockDestination(
  tx: Queryable,
  { server, tags = [] }: DestinationOptions,
): Promise<Destination> {
  if ((server === undefined) === (tags.length === 0)) {
    throw new OrchestraError('ORC_USAGE', 'A route leads to one server or to tags', {
      hint: 'Give the name of a server, or --to-tag with the tag that servers have',
    })
  }
  if (server === undefined) return { serverId: null, server: null, tags: checkTags(tags) }
  const { id, name } = await lockServer(tx, server, 'share')
  return { serverId: id, server: name, tags: [] }
}

/** All routes, in the order they were added. */
export async function listRoutes(store: Queryable): Promise<Route[]> {
  return store.query<Route>(
    `select ${columns} from ${table} where server.removed_at is null order by route.id`,
  )
}

export interface RouteSearch extends Narrowed {
  /** Number of the last one of the page before. */
  after?: number | undefined
  limit?: number | undefined
}

/** Routes that fit, in the order they were added. */
export function findRoutes(store: Queryable, search: RouteSearch): Promise<Route[]> {
  const { after, limit } = search
  const behind: Condition[] = after === undefined ? [] : [(parameter) => `route.id > ${parameter(after)}`]
  return queryWith<Route>(
    store,
    (parameter, all) =>
      `select ${columns} from ${table} where ${all([...behind, ...conditionsOf(search)])}
       order by route.id ${limit === undefined ? '' : `limit ${parameter(limit)}`}`,
  )
}

/** How many routes fit. */
export function countRoutes(store: Queryable, search: RouteSearch): Promise<Counted> {
  return countRows(store, table, conditionsOf(search))
}

function conditionsOf(search: RouteSearch): Condition[] {
  return [() => 'server.removed_at is null', seenRows(search, 'route', 'route'), ...(search.where ?? [])]
}

/** What a list of routes can be narrowed by. */
export const routeFilters: Filters = {
  by: {
    backend: named('route.backend', 'A backend'),
    server: named('server.name', 'The server that it leads to by name'),
    tag: {
      about: 'A tag that it leads to',
      where: (values, parameter) => `route.tags && ${parameter(values)}::text[]`,
    },
    route: numbered('route.id', 'Its number'),
    is: choice({ enabled: 'route.enabled', disabled: 'not route.enabled' }, 'Whether it is in force'),
  },
  text: { about: 'What stands in its expression', where: textIn('route.match') },
}

/** Every server that is not removed, as routes lead to it. */
export async function routedServers(store: Queryable): Promise<RoutedServer[]> {
  return store.query<RoutedServer>(
    'select id, name, tags from orchestra.server where removed_at is null order by id',
  )
}

/** @throws OrchestraError ORC_ROUTE_UNKNOWN */
export async function getRoute(store: Queryable, id: number): Promise<Route> {
  const [route] = await store.query<Route>(`select ${columns} from ${table} where route.id = $1`, [id])
  if (route !== undefined) return route
  throw unknownRoute(id)
}

export function unknownRoute(id: number): OrchestraError {
  return new OrchestraError('ORC_ROUTE_UNKNOWN', `There is no route ${id}`, {
    hint: 'See `orchestra route list`',
  })
}

/** Work that waited for the route is due again. */
export async function enableRoute(store: Store, id: number, options: ChangeOptions = {}): Promise<Route> {
  checkOptions('enableRoute()', options, { ...doerNames, allowDeletes: true })
  return setEnabled(store, id, true, options)
}

/** Lets the work of the route wait; nothing is dropped. */
export async function disableRoute(store: Store, id: number, options: Doer = {}): Promise<Route> {
  checkOptions('disableRoute()', options, doerNames)
  return setEnabled(store, id, false, options)
}

async function setEnabled(
  store: Store,
  id: number,
  enabled: boolean,
  options: ChangeOptions,
): Promise<Route> {
  return store.transaction(async (tx) => {
    const route = await getRoute(tx, id)
    await tx.query('update orchestra.route set enabled = $2 where id = $1', [id, enabled])
    await finishChange(tx, route, { ...options, action: enabled ? 'route.enable' : 'route.disable' })
    return { ...route, enabled }
  })
}

/** Removes a route. What it placed belongs there no more: its backend's `onMove` says what becomes of it. */
export async function removeRoute(store: Store, id: number, options: ChangeOptions = {}): Promise<Route> {
  checkOptions('removeRoute()', options, { ...doerNames, allowDeletes: true })
  return store.transaction(async (tx) => {
    const route = await getRoute(tx, id)
    await tx.query('delete from orchestra.route where id = $1', [id])
    await finishChange(tx, route, { ...options, action: 'route.remove' })
    return route
  })
}

interface Finished extends ChangeOptions {
  action: string
  /** The route as it was. */
  before?: Route
}

async function finishChange(tx: Queryable, route: Route, change: Finished): Promise<void> {
  const { action, before, allowDeletes } = change
  const by = doerOf(change)
  const detail = { ...described(route), ...(before === undefined ? {} : { before: described(before) }) }
  await audit(tx, { by, action, target: `route:${route.id}`, detail })
  await touchRoutes(tx)
  await decideFailuresAgain(tx, [route.backend])
  // A disabled route keeps its objects; any other change may send rows elsewhere that nobody touches.
  if (action !== 'route.disable')
    await requestSync(tx, {
      mode: 'sync',
      backend: route.backend,
      inspects: false,
      allowDeletes,
      actor: by,
      source: action,
    })
  await tx.query('notify orchestra_wake')
}

function described({ backend, server, tags, match }: Route): Record<string, unknown> {
  return { backend, ...(server === null ? { tags } : { server }), match }
}

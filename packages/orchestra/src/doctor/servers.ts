import { fingerprint, sameHostKey } from '../methods/index.ts'
import { createRouter, destinationName, destinationsOf, listRoutes, routedServers } from '../router/index.ts'
import { isPaused, listServers, type ServerRow } from '../server/index.ts'
import { type Check, type Diagnosis, ok, problem } from './check.ts'

export const checkServers: Check = async ({ store }) => {
  const servers = await listServers(store)
  if (servers.length === 0)
    return [problem('servers', 'no server is registered', 'orchestra server add NAME --host HOST')]
  const problems = servers.flatMap((server) => [...keyProblem(server), ...holdProblem(server)])
  return problems.length > 0
    ? problems
    : [ok('servers', `${servers.length} servers, all with an approved host key`)]
}

function keyProblem({ name, method, host_key: approved, presented_key: presented }: ServerRow): Diagnosis[] {
  if (method === 'local' || method === 'function') return []
  if (presented === null) {
    if (approved !== null) return []
    return [
      problem(
        'servers',
        `${name} has no approved host key and presented none yet`,
        `orchestra server check ${name}`,
      ),
    ]
  }
  const approve = `If it is right: orchestra server approve ${name} ${fingerprint(presented)}`
  if (approved === null)
    return [problem('servers', `the host key of ${name} is not approved: nothing is sent to it`, approve)]
  if (sameHostKey(approved, presented)) return []
  return [problem('servers', `the host key of ${name} changed: nothing is sent to it`, approve)]
}

function holdProblem({
  name,
  held_at: since,
  held_by: by,
  held_reason: reason,
  hold_ends: end,
}: ServerRow): Diagnosis[] {
  if (since === null) return []
  const until = end === null ? '' : ` until ${end.toISOString()}`
  const why = reason === null || reason === '' ? '' : `: ${reason}`
  return [
    problem(
      'servers',
      `${name} is held by ${by} since ${since.toISOString()}${until}${why}`,
      `orchestra server release ${name}`,
    ),
  ]
}

export const checkRoutes: Check = async ({ store, loaded }) => {
  const routes = await listRoutes(store)
  const servers = await routedServers(store)
  const backends = [...loaded.config.backends.values()]
  const broken = createRouter(backends, routes, servers).problems.map(({ route, reason }) =>
    problem(
      'routes',
      `route ${route.id} (${route.backend} to ${destinationName(route)}): ${reason}`,
      `orchestra route remove ${route.id}`,
    ),
  )
  const empty = routes
    .filter((route) => destinationsOf(route, servers).length === 0)
    .map((route) =>
      problem(
        'routes',
        `route ${route.id} (${route.backend} to ${destinationName(route)}) leads to no server: none has these tags`,
        `orchestra server set SERVER --tag ${route.tags.join(' --tag ')}`,
      ),
    )
  const stray = (await routesToRemoved(store)).map(({ id, server }) =>
    problem('routes', `route ${id} leads to the removed server ${server}`, `orchestra route remove ${id}`),
  )
  const unrouted = backends
    .filter(({ name }) => !routes.some((route) => route.backend === name))
    .map(({ name }) =>
      problem(
        'routes',
        `no route leads from backend ${name} to a server`,
        `orchestra route add ${name} SERVER`,
      ),
    )
  const problems = [...broken, ...empty, ...stray, ...unrouted]
  return problems.length > 0 ? problems : [ok('routes', `${routes.length} routes, all of them fit`)]
}

function routesToRemoved(store: Parameters<Check>[0]['store']): Promise<{ id: number; server: string }[]> {
  return store.query(
    `select route.id, server.name as server from orchestra.route
     join orchestra.server on server.id = route.server_id where server.removed_at is not null order by route.id`,
  )
}

export const checkPause: Check = async ({ store }) => {
  const pause = await isPaused(store)
  if (pause === undefined) return []
  return [
    problem(
      'pause',
      `everything is paused by ${pause.by} since ${pause.at}: ${pause.reason}`,
      'orchestra resume',
    ),
  ]
}

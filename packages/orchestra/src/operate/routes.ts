import { z } from 'zod'
import {
  countRoutes,
  createRouter,
  destinationsOf,
  findRoutes,
  getRoute,
  type Route,
  routedServers,
} from '../router/index.ts'
import type { Context } from './context.ts'
import { limitField, queryField, routeField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { reading } from './verb.ts'

export interface RouteView extends Route {
  /** Names of the servers that it leads to now. */
  servers: string[]
  /** Why it leads nowhere. */
  problem: string | null
}

export const routeShow = reading({
  name: 'route.show',
  about: 'One route, and where it leads now',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ route: routeField }),
  run: async (context, { route: id }): Promise<RouteView> => {
    const route = await getRoute(context.store, id)
    const [view] = await viewsOf(context, [route])
    return view as RouteView
  },
})

export const routeList = reading({
  name: 'route.list',
  about: 'Routes, in the order they were added',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    /** Default all. */
    limit: limitField.optional(),
    /** Behind this one. */
    after: routeField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q }) => countRoutes(context.store, narrowedBy(context, 'route.list', { q })),
  run: async (context, { limit, after, q }): Promise<RouteView[]> => {
    const narrowed = narrowedBy(context, 'route.list', { q })
    return viewsOf(context, await findRoutes(context.store, { limit, after, ...narrowed }))
  },
})

async function viewsOf(
  { store, config }: Pick<Context, 'store' | 'config'>,
  routes: readonly Route[],
): Promise<RouteView[]> {
  const servers = await routedServers(store)
  const { problems } = createRouter(config.backends.values(), routes, servers)
  return routes.map((route) => {
    const own = destinationsOf(route, servers).map(({ name }) => name)
    const broken = problems.find((problem) => problem.route.id === route.id)?.reason ?? null
    return { ...route, servers: own, problem: broken ?? (own.length === 0 ? 'no server has its tags' : null) }
  })
}

import { z } from 'zod'
import { createRouter, destinationsOf, listRoutes, type Route, routedServers } from '../router/index.ts'
import { reading } from './verb.ts'

export interface RouteView extends Route {
  /** Names of the servers that it leads to now. */
  servers: string[]
  /** Why it leads nowhere. */
  problem: string | null
}

export const routeList = reading({
  name: 'route.list',
  about: 'All routes',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: async ({ store, config }): Promise<RouteView[]> => {
    const [routes, servers] = [await listRoutes(store), await routedServers(store)]
    const { problems } = createRouter(config.backends.values(), routes, servers)
    return routes.map((route) => {
      const own = destinationsOf(route, servers).map(({ name }) => name)
      const broken = problems.find((problem) => problem.route.id === route.id)?.reason ?? null
      return {
        ...route,
        servers: own,
        problem: broken ?? (own.length === 0 ? 'no server has its tags' : null),
      }
    })
  },
})

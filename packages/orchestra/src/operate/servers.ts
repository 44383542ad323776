import { z } from 'zod'
import { type ServerUse, useOf } from '../fleet/index.ts'
import { type ServerStatus, serverStatus } from '../placements/index.ts'
import { destinationsOf, listRoutes, type Route, routedServers } from '../router/index.ts'
import { countServers, findServers, getServer, listServers } from '../server/index.ts'
import { withMethods } from './context.ts'
import { limitField, nameField, nameList, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { examineServers, type ServerFacts } from './server-facts.ts'
import { type ServerView, toView } from './server-view.ts'
import { reading } from './verb.ts'
import { isVisible } from './visible.ts'

/** A server with all that is known of it. */
export interface ServerDetails extends ServerView {
  /** ISO 8601. */
  createdAt: string
  status: ServerStatus | null
  /** Those that lead to it now. */
  routes: Route[]
  use: ServerUse
}

export const serverList = reading({
  name: 'server.list',
  about: 'Servers, by name',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    /** Default all. */
    limit: limitField.optional(),
    /** Behind this one. */
    after: nameField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q }) => countServers(context.store, narrowedBy(context, 'server.list', { q })),
  run: async (context, { limit, after, q }): Promise<ServerView[]> => {
    const narrowed = narrowedBy(context, 'server.list', { q })
    return (await findServers(context.store, { limit, after, ...narrowed })).map(toView)
  },
})

export const serverShow = reading({
  name: 'server.show',
  about: 'One server: how it is reached, its key and tags, its routes, work and objects',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ server: nameField }),
  run: async (context, { server: name }): Promise<ServerDetails> => {
    const { store } = context
    const row = await getServer(store, name)
    const servers = await routedServers(store)
    const isHere = (route: Route) => destinationsOf(route, servers).some(({ id }) => id === row.id)
    const routes = (await listRoutes(store)).filter((route) => isHere(route) && isVisible(context, route))
    const status = await serverStatus(store, row.id)
    const use = await useOf(store, row.id)
    return { ...toView(row), createdAt: row.created_at.toISOString(), status, routes, use }
  },
})

export const serverCheck = reading({
  name: 'server.check',
  about: 'Connects to servers as scripts do: reachability, latency, host key, sudo, bash, flock',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({ servers: nameList.default([]) }),
  run: async (context, { servers: names }): Promise<ServerFacts[]> => {
    const { store } = context
    const servers =
      names.length === 0
        ? await listServers(store)
        : await Promise.all(names.map((name) => getServer(store, name)))
    return withMethods(context, (methods) => examineServers(store, servers, methods))
  },
})

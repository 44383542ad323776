import { z } from 'zod'
import { type ServerUse, useOf } from '../fleet/index.ts'
import { readStatus, type ServerStatus } from '../placements/index.ts'
import { destinationsOf, listRoutes, type Route, routedServers } from '../router/index.ts'
import { getServer, listServers } from '../server/index.ts'
import { withMethods } from './context.ts'
import { nameField, nameList } from './fields.ts'
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
  about: 'All servers',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: async (context): Promise<ServerView[]> => {
    const servers = await listServers(context.store)
    return servers.filter(({ name: server }) => isVisible(context, { server })).map(toView)
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
    const { servers: all } = await readStatus(store)
    const status = all.find((one) => one.name === name) ?? null
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

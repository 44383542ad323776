import type { Config } from '../config/config.ts'
import { suggestion } from '../config/similar.ts'
import { routeObjects } from '../manager/index.ts'
import { deletesToAllow, needsConsent, previewRerouting, type Rerouting } from '../plan/index.ts'
import {
  createRouter,
  listRoutes,
  type Route,
  type RoutedServer,
  routedServers,
  type Trial,
} from '../router/index.ts'
import type { Agreement, Context } from './context.ts'

/** All that decides where objects go. */
export interface RoutingTable {
  routes: readonly Route[]
  servers: readonly RoutedServer[]
}

/** Whether objects may go elsewhere, stay behind or become undecided. */
export interface ReroutingQuestion {
  preview: Rerouting
  /** What a new expression comes to, where there is one. */
  trial: Trial | null
}

/** What a change of routes would do; `change` gets the present table and answers the one after it. */
export async function previewRoutes(
  { store, config, tell }: Context<ReroutingQuestion>,
  backends: readonly string[],
  change: (table: RoutingTable) => RoutingTable,
): Promise<Rerouting> {
  const table: RoutingTable = { routes: await listRoutes(store), servers: await routedServers(store) }
  return previewRerouting(
    { store, config },
    {
      before: routeBy(config, table),
      after: routeBy(config, change(table)),
      backends: backends.filter((name) => config.backends.has(name)),
      onProgress: (objects) => tell({ kind: 'tried', objects }),
    },
  )
}

function routeBy({ backends }: Config, { routes, servers }: RoutingTable) {
  return routeObjects(createRouter(backends.values(), routes, servers))
}

/** Asks where something goes, stays behind or fails. */
export async function agreedTo(
  { agree }: Context<ReroutingQuestion>,
  question: ReroutingQuestion,
): Promise<Agreement> {
  const { effects, unknown } = question.preview
  return !needsConsent(effects) && unknown.length === 0 ? 'given' : agree(question)
}

/** Options of the change itself: what was agreed to must not be stopped by the bound for removals. */
export function allowedBy({ effects }: Rerouting): { allowDeletes?: number } {
  const allowDeletes = deletesToAllow(effects)
  return allowDeletes === undefined ? {} : { allowDeletes }
}

/** The table with one route more, or another one in the place of the same number. */
export function withRoute({ routes, servers }: RoutingTable, route: Route): RoutingTable {
  return { servers, routes: [...routes.filter(({ id }) => id !== route.id), route] }
}

/** A tag may be given to a server later; one that none has yet may be a typo. */
export async function warnOfTags(
  { store, tell }: Context<ReroutingQuestion>,
  tags: readonly string[],
): Promise<void> {
  const given = new Set((await routedServers(store)).flatMap((server) => server.tags))
  for (const tag of tags.filter((one) => !given.has(one)))
    tell({ kind: 'warning', text: `${suggestion(tag, given, '')}no server has the tag ${tag} yet` })
}

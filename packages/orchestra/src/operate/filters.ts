import { incidentFilters } from '../incidents/index.ts'
import { findingFilters } from '../inspect/index.ts'
import { logFilters } from '../logs/index.ts'
import { operationFilters, placementFilters, unitFilters } from '../placements/index.ts'
import { planFilters } from '../plan/index.ts'
import { type Filters, type Narrowed, queryCondition } from '../query/index.ts'
import { protectionFilters } from '../removal/index.ts'
import { routeFilters } from '../router/index.ts'
import { auditFilters, serverFilters } from '../server/index.ts'
import { syncFilters } from '../sync/index.ts'
import { transferFilters } from '../transfer/index.ts'
import type { Context } from './context.ts'
import { permissionsFor } from './permissions.ts'
import { visibleRows } from './visible.ts'

/** What each list can be narrowed by, by the name of its verb: the documents are made of this. */
export const filtersOf = {
  'server.list': serverFilters,
  'place.list': placementFilters,
  'object.list': placementFilters,
  'unit.list': unitFilters,
  'operation.list': operationFilters,
  'log.list': logFilters,
  'drift.list': findingFilters,
  'incident.list': incidentFilters,
  'sync.list': syncFilters,
  'transfer.list': transferFilters,
  'route.list': routeFilters,
  'protection.list': protectionFilters,
  'plan.list': planFilters,
  'audit.list': auditFilters,
} as const satisfies Readonly<Record<string, Filters>>

/** The lists by the names that people know them by: those of the pages of a console, and of the API. */
export const queryLists: Readonly<Record<string, keyof typeof filtersOf>> = {
  servers: 'server.list',
  placements: 'place.list',
  objects: 'object.list',
  units: 'unit.list',
  operations: 'operation.list',
  logs: 'log.list',
  findings: 'drift.list',
  incidents: 'incident.list',
  syncs: 'sync.list',
  transfers: 'transfer.list',
  routes: 'route.list',
  protections: 'protection.list',
  plans: 'plan.list',
  audit: 'audit.list',
}

/**
 * Refuses a query that a list would refuse, before it is kept for later. Of what is no list nobody can tell.
 * @throws QueryFault
 */
export function checkQuery(page: string, query: string): void {
  const list = Object.hasOwn(queryLists, page) ? queryLists[page] : undefined
  if (list !== undefined) queryCondition(filtersOf[list], query)
}

/**
 * What a query leaves of a list, of what whoever asks may see there.
 * @throws QueryFault
 */
export function narrowedBy(
  asking: Pick<Context, 'principal'>,
  list: keyof typeof filtersOf,
  asked: { q?: string | undefined; text?: string | undefined },
): Narrowed {
  const { q } = asked
  const needed = permissionsFor(list, asked)
  return {
    where: q === undefined ? [] : [queryCondition(filtersOf[list], q)],
    visible: needed === 'command' ? undefined : visibleRows(asking, ...needed),
  }
}

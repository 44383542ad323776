import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { type State, states } from './parts/state-mark.tsx'
import { listSearch, root } from './root-route.tsx'
import type { LogSearch } from './screens/logs/use-log-search.ts'

/** A part of a path that is a number; what is none is asked for all the same, and refused by who knows. */
function numbered<Name extends string>(name: Name) {
  return {
    parse: (given: Record<Name, string>) => ({ [name]: Number(given[name]) }) as Record<Name, number>,
    stringify: (given: Record<Name, number>) => ({ [name]: String(given[name]) }) as Record<Name, string>,
  }
}

const logs = createRoute({
  getParentRoute: () => root,
  path: '/logs',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/logs/logs.tsx'), 'Logs'),
})

const log = createRoute({
  getParentRoute: () => root,
  path: '/logs/$log',
  params: numbered('log'),
  component: lazyRouteComponent(() => import('./screens/logs/log.tsx'), 'OneLog'),
})

const output = createRoute({
  getParentRoute: () => log,
  path: '/',
  validateSearch: ({ find, wrap, times }: Record<string, unknown>): LogSearch => ({
    ...(find === undefined || find === '' ? {} : { find: String(find) }),
    ...(wrap === true ? { wrap } : {}),
    ...(times === true ? { times } : {}),
  }),
  component: lazyRouteComponent(() => import('./screens/logs/output-tab.tsx'), 'OutputTab'),
})

const operations = createRoute({
  getParentRoute: () => log,
  path: 'operations',
  component: lazyRouteComponent(() => import('./screens/logs/operations-tab.tsx'), 'OperationsTab'),
})

const script = createRoute({
  getParentRoute: () => log,
  path: 'script',
  component: lazyRouteComponent(() => import('./screens/logs/script-tab.tsx'), 'ScriptTab'),
})

const objects = createRoute({
  getParentRoute: () => root,
  path: '/objects',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/objects/objects.tsx'), 'Objects'),
})

const object = createRoute({
  getParentRoute: () => root,
  path: '/objects/$object',
  component: lazyRouteComponent(() => import('./screens/objects/object.tsx'), 'OneObject'),
})

const places = createRoute({
  getParentRoute: () => object,
  path: '/',
  component: lazyRouteComponent(() => import('./screens/objects/places.tsx'), 'PlacesTab'),
})

const diff = createRoute({
  getParentRoute: () => object,
  path: 'diff',
  component: lazyRouteComponent(() => import('./screens/objects/diff-tab.tsx'), 'DiffTab'),
})

const history = createRoute({
  getParentRoute: () => object,
  path: 'history',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/objects/history-tab.tsx'), 'HistoryTab'),
})

const objectOperations = createRoute({
  getParentRoute: () => object,
  path: 'operations',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/objects/operations-tab.tsx'), 'OperationsTab'),
})

const units = createRoute({
  getParentRoute: () => root,
  path: '/units',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/units/units.tsx'), 'Units'),
})

const unit = createRoute({
  getParentRoute: () => root,
  path: '/units/$unit',
  validateSearch: ({ show }: Record<string, unknown>): { show?: State | undefined } =>
    states.some((state) => state === show) ? { show: show as State } : {},
  component: lazyRouteComponent(() => import('./screens/units/unit.tsx'), 'OneUnit'),
})

const drift = createRoute({
  getParentRoute: () => root,
  path: '/changes/drift',
  component: lazyRouteComponent(() => import('./screens/drift/drift.tsx'), 'Drift'),
})

const causes = createRoute({
  getParentRoute: () => drift,
  path: '/',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/drift/causes.tsx'), 'Causes'),
})

const findings = createRoute({
  getParentRoute: () => drift,
  path: 'findings',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/drift/findings.tsx'), 'Findings'),
})

const syncs = createRoute({
  getParentRoute: () => root,
  path: '/changes/syncs',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/syncs/syncs.tsx'), 'Syncs'),
})

const sync = createRoute({
  getParentRoute: () => root,
  path: '/changes/syncs/$sync',
  params: numbered('sync'),
  component: lazyRouteComponent(() => import('./screens/syncs/sync.tsx'), 'OneSync'),
})

const adopt = createRoute({
  getParentRoute: () => root,
  path: '/changes/adopt',
  validateSearch: ({
    server,
    backend,
  }: Record<string, unknown>): { server?: string | undefined; backend?: string | undefined } => ({
    ...(server === undefined ? {} : { server: String(server) }),
    ...(backend === undefined ? {} : { backend: String(backend) }),
  }),
  component: lazyRouteComponent(() => import('./screens/adopt/adopt.tsx'), 'Adopt'),
})

/** The screens about what is done: by whom, to what, and how it went. */
export const workRoutes = [
  logs,
  log.addChildren([output, operations, script]),
  objects,
  object.addChildren([places, diff, history, objectOperations]),
  units,
  unit,
  drift.addChildren([causes, findings]),
  syncs,
  sync,
  adopt,
] as const

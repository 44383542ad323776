import { createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { basePath } from './api/client.ts'
import { Problem, Waiting } from './parts/view.tsx'
import { type ListSearch, listSearch, root } from './root-route.tsx'
import { workRoutes } from './work-routes.tsx'

const now = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/now/now.tsx'), 'Now'),
})

const servers = createRoute({
  getParentRoute: () => root,
  path: '/servers',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/servers/servers.tsx'), 'Servers'),
})

const server = createRoute({
  getParentRoute: () => root,
  path: '/servers/$server',
  component: lazyRouteComponent(() => import('./screens/servers/server.tsx'), 'OneServer'),
})

const lane = createRoute({
  getParentRoute: () => server,
  path: '/',
  component: lazyRouteComponent(() => import('./screens/servers/lane.tsx'), 'Lane'),
})

const objects = createRoute({
  getParentRoute: () => server,
  path: 'objects',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/servers/placed.tsx'), 'Placed'),
})

const drift = createRoute({
  getParentRoute: () => server,
  path: 'drift',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/servers/drift.tsx'), 'Drift'),
})

const trash = createRoute({
  getParentRoute: () => server,
  path: 'trash',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/servers/trash.tsx'), 'Trash'),
})

const serverSettings = createRoute({
  getParentRoute: () => server,
  path: 'settings',
  component: lazyRouteComponent(() => import('./screens/servers/change.tsx'), 'ServerSettings'),
})

const plans = createRoute({
  getParentRoute: () => root,
  path: '/changes/plans',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/plans/plans.tsx'), 'Plans'),
})

const plan = createRoute({
  getParentRoute: () => root,
  path: '/changes/plans/$plan',
  component: lazyRouteComponent(() => import('./screens/plans/plan.tsx'), 'OnePlan'),
})

const kindsOfWork = ['create', 'update', 'replace', 'rename', 'move', 'delete', 'action'] as const

const planOperations = createRoute({
  getParentRoute: () => plan,
  path: '/',
  validateSearch: ({ kind, ...search }: Record<string, unknown>) => {
    const known = kindsOfWork.find((one) => one === kind)
    return { ...listSearch(search), ...(known === undefined ? {} : { kind: known }) } as ListSearch & {
      kind?: (typeof kindsOfWork)[number] | undefined
    }
  },
  component: lazyRouteComponent(() => import('./screens/plans/parts.tsx'), 'PlanOperations'),
})

const planDiffs = createRoute({
  getParentRoute: () => plan,
  path: 'diffs',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/plans/parts.tsx'), 'PlanDiffs'),
})

const planScripts = createRoute({
  getParentRoute: () => plan,
  path: 'scripts',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/plans/parts.tsx'), 'PlanScripts'),
})

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/approvals/approvals.tsx'), 'Approvals'),
})

const routes = createRoute({
  getParentRoute: () => root,
  path: '/routes',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/routes/routes.tsx'), 'Routes'),
})

const newRoute = createRoute({
  getParentRoute: () => root,
  path: '/routes/new',
  component: lazyRouteComponent(() => import('./screens/routes/route.tsx'), 'NewRoute'),
})

const route = createRoute({
  getParentRoute: () => root,
  path: '/routes/$route',
  component: lazyRouteComponent(() => import('./screens/routes/route.tsx'), 'OneRoute'),
})

const incidents = createRoute({
  getParentRoute: () => root,
  path: '/incidents',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/incidents/incidents.tsx'), 'Incidents'),
})

const incident = createRoute({
  getParentRoute: () => root,
  path: '/incidents/$incident',
  component: lazyRouteComponent(() => import('./screens/incidents/incident.tsx'), 'OneIncident'),
})

const schedules = createRoute({
  getParentRoute: () => root,
  path: '/schedules',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/schedules/schedules.tsx'), 'Schedules'),
})

const backends = createRoute({
  getParentRoute: () => root,
  path: '/backends',
  component: lazyRouteComponent(() => import('./screens/backends/backends.tsx'), 'Backends'),
})

const model = createRoute({
  getParentRoute: () => root,
  path: '/backends/models/$model',
  component: lazyRouteComponent(() => import('./screens/backends/backends.tsx'), 'OneModel'),
})

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/audit/audit.tsx'), 'Audit'),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./screens/settings/settings.tsx'), 'Settings'),
})

const people = createRoute({
  getParentRoute: () => settings,
  path: '/',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/people.tsx'), 'People'),
})

const roles = createRoute({
  getParentRoute: () => settings,
  path: 'roles',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/roles.tsx'), 'Roles'),
})

const bindings = createRoute({
  getParentRoute: () => settings,
  path: 'bindings',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/bindings.tsx'), 'Bindings'),
})

const tokens = createRoute({
  getParentRoute: () => settings,
  path: 'tokens',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/tokens.tsx'), 'Tokens'),
})

const sessions = createRoute({
  getParentRoute: () => settings,
  path: 'sessions',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/sessions.tsx'), 'Sessions'),
})

const channels = createRoute({
  getParentRoute: () => settings,
  path: 'channels',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/channels.tsx'), 'Channels'),
})

const hooks = createRoute({
  getParentRoute: () => settings,
  path: 'hooks',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/settings/hooks.tsx'), 'Hooks'),
})

const bulk = createRoute({
  getParentRoute: () => root,
  path: '/bulk/$bulk',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./screens/bulk/bulk.tsx'), 'OneBulk'),
})

/** Each screen is loaded when it is gone to, or when the pointer comes near a link that leads there. */
export const router = createRouter({
  routeTree: root.addChildren([
    now,
    servers,
    server.addChildren([lane, objects, drift, trash, serverSettings]),
    plans,
    plan.addChildren([planOperations, planDiffs, planScripts]),
    approvals,
    incidents,
    incident,
    routes,
    newRoute,
    route,
    schedules,
    backends,
    model,
    audit,
    bulk,
    ...workRoutes,
    settings.addChildren([people, roles, bindings, tokens, sessions, channels, hooks]),
  ]),
  basepath: basePath || '/',
  defaultPreload: 'intent',
  // What is kept is kept by the queries.
  defaultPreloadStaleTime: 0,
  defaultPendingComponent: Waiting,
  defaultErrorComponent: ({ error, reset }) => (
    <Problem error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
  ),
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

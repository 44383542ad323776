import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from '@tanstack/react-router'
import { basePath } from './api/client.ts'
import { Screen } from './parts/screen.tsx'
import { Problem, Waiting } from './parts/view.tsx'
import { Shell } from './shell/shell.tsx'
import { useWords } from './words/index.ts'

/** What narrows a list, and which page of it is seen: all of it is in the address. */
export interface ListSearch {
  q?: string | undefined
  cursor?: string | undefined
}

function listSearch({ q, cursor }: Record<string, unknown>): ListSearch {
  return {
    ...(q === undefined || q === '' ? {} : { q: String(q) }),
    ...(cursor === undefined ? {} : { cursor: String(cursor) }),
  }
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

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

/** Each screen is loaded when it is gone to, or when the pointer comes near a link that leads there. */
export const router = createRouter({
  routeTree: root.addChildren([now, servers, server.addChildren([lane, objects, drift])]),
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

function NotFound() {
  const words = useWords()
  return (
    <Screen title={words.notFound}>
      <p>
        <Link to="/">{words.toNow}</Link>
      </p>
    </Screen>
  )
}

import {
  backendList,
  modelList,
  type RouteView,
  routeAdd,
  routeDisable,
  routeEnable,
  routeList,
  routeRemove,
  routeSet,
  routeShow,
  scheduleList,
} from '../../operate/index.ts'
import { act, keyed, one, whole } from '../build.ts'

const { route, dryRun } = routeEnable.input.shape
const { route: _, ...change } = routeSet.input.shape
const params = { route }

export const routeEndpoints = [
  keyed<RouteView>({ path: '/routes', verb: routeList, permission: 'status.read', key: ({ id }) => [id] }),
  act({
    path: '/routes',
    verb: routeAdd,
    permission: 'route',
    status: 201,
    body: routeAdd.input.shape,
    asks: true,
    location: ({ route: added }: { route: { id: number } | null }) => added && `/routes/${added.id}`,
  }),
  one({ path: '/routes/{route}', verb: routeShow, permission: 'status.read', params }),
  act({
    path: '/routes/{route}',
    verb: routeSet,
    permission: 'route',
    method: 'PATCH',
    params,
    body: change,
    asks: true,
  }),
  act({
    path: '/routes/{route}',
    verb: routeRemove,
    permission: 'route',
    method: 'DELETE',
    params,
    query: { dryRun },
    asks: true,
  }),
  act({
    path: '/routes/{route}/enable',
    verb: routeEnable,
    permission: 'route',
    params,
    body: { dryRun },
    asks: true,
  }),
  act({
    path: '/routes/{route}/disable',
    verb: routeDisable,
    permission: 'route',
    params,
    body: { dryRun },
    asks: true,
  }),
  whole({ path: '/backends', verb: backendList, permission: 'status.read' }),
  whole({ path: '/models', verb: modelList, permission: 'status.read' }),
  whole({ path: '/schedules', verb: scheduleList, permission: 'status.read' }),
]

import {
  backendList,
  modelFields,
  modelList,
  type RouteView,
  routeAdd,
  routeDisable,
  routeEnable,
  routeList,
  routePreview,
  routeRemove,
  routeSet,
  routeShow,
  scheduleList,
  scheduleRun,
} from '../../operate/index.ts'
import { act, one, paged, whole } from '../build.ts'

const { route, dryRun } = routeEnable.input.shape
const { route: _, ...change } = routeSet.input.shape
const params = { route }

export const routeEndpoints = [
  paged<RouteView>({
    path: '/routes',
    verb: routeList,
    field: 'after',
    cursor: routeList.input.shape.after.unwrap(),
    next: ({ id }) => id,
  }),
  act({
    path: '/routes',
    verb: routeAdd,
    status: 201,
    body: routeAdd.input.shape,
    asks: true,
    location: ({ route: added }: { route: { id: number } | null }) => added && `/routes/${added.id}`,
  }),
  act({
    path: '/routes/preview',
    verb: routePreview,
    body: routePreview.input.shape,
  }),
  one({ path: '/routes/{route}', verb: routeShow, params }),
  act({
    path: '/routes/{route}',
    verb: routeSet,
    method: 'PATCH',
    params,
    body: change,
    asks: true,
  }),
  act({
    path: '/routes/{route}',
    verb: routeRemove,
    method: 'DELETE',
    params,
    query: { dryRun },
    asks: true,
  }),
  act({
    path: '/routes/{route}/enable',
    verb: routeEnable,
    params,
    body: { dryRun },
    asks: true,
  }),
  act({
    path: '/routes/{route}/disable',
    verb: routeDisable,
    params,
    body: { dryRun },
    asks: true,
  }),
  whole({ path: '/backends', verb: backendList }),
  whole({ path: '/models', verb: modelList }),
  one({
    path: '/models/{model}/fields',
    verb: modelFields,
    params: modelFields.input.shape,
  }),
  whole({ path: '/schedules', verb: scheduleList }),
  act({
    path: '/schedules/{schedule}/run',
    verb: scheduleRun,
    status: 202,
    params: scheduleRun.input.shape,
    location: ({ id }: { id: number }) => `/syncs/${id}`,
  }),
]

import type { Finding } from '../../inspect/index.ts'
import {
  driftList,
  laneShow,
  matrixRead,
  placeList,
  type ServerView,
  serverAdd,
  serverApprove,
  serverCheck,
  serverHold,
  serverList,
  serverRelease,
  serverRemove,
  serverSet,
  serverShow,
} from '../../operate/index.ts'
import { act, one, paged, pages } from '../build.ts'

const { server } = serverShow.input.shape
const { backend, model, object, identity, state, after } = placeList.input.shape
const { server: _, ...serverChange } = serverSet.input.shape
const params = { server }

/** Findings go on in the order in which they were found. */
export const findingPages = {
  field: 'after',
  cursor: driftList.input.shape.after.unwrap(),
  next: ({ id }: Finding) => id,
} as const

export const serverEndpoints = [
  paged<ServerView>({
    path: '/servers',
    verb: serverList,
    field: 'after',
    cursor: serverList.input.shape.after.unwrap(),
    next: ({ name }) => name,
  }),
  one({ path: '/servers/{server}', verb: serverShow, params }),
  act({
    path: '/servers/{server}',
    verb: serverRemove,
    method: 'DELETE',
    params,
    query: { force: serverRemove.input.shape.force, dryRun: serverRemove.input.shape.dryRun },
    asks: true,
  }),
  act({
    path: '/servers/{server}/hold',
    verb: serverHold,
    params,
    body: { reason: serverHold.input.shape.reason, until: serverHold.input.shape.until },
  }),
  act({
    path: '/servers',
    verb: serverAdd,
    status: 201,
    body: serverAdd.input.shape,
    asks: true,
    location: ({ server: added }: { server: ServerView }) => `/servers/${encodeURIComponent(added.name)}`,
  }),
  act({
    path: '/servers/{server}',
    verb: serverSet,
    method: 'PATCH',
    params,
    body: serverChange,
    asks: true,
  }),
  act({
    path: '/servers/check',
    verb: serverCheck,
    body: serverCheck.input.shape,
  }),
  act({
    path: '/servers/{server}/check',
    verb: serverCheck,
    about: 'Connects to one server as scripts do',
    params,
    input: ({ params: { server: name } }) => ({ servers: [name] }),
  }),
  act({
    path: '/servers/{server}/approve-key',
    verb: serverApprove,
    params,
    body: { fingerprint: serverApprove.input.shape.fingerprint },
    asks: true,
  }),
  act({ path: '/servers/{server}/release', verb: serverRelease, params }),
  one({
    path: '/servers/{server}/lane',
    verb: laneShow,
    params,
    query: { limit: laneShow.input.shape.limit },
  }),
  one({
    path: '/matrix',
    verb: matrixRead,
    query: {
      limit: matrixRead.input.shape.limit,
      cursor: matrixRead.input.shape.after,
      q: matrixRead.input.shape.q,
    },
    input: ({ query: { cursor: after, ...query } }) => ({ ...query, after }),
  }),
  pages({
    path: '/servers/{server}/placements',
    verb: placeList,
    about: 'What stands on one server',
    params,
    query: { backend, model, object, identity, state },
    cursor: after.unwrap(),
    items: 'placements',
    fixed: { total: false },
  }),
  paged<Finding>({
    path: '/servers/{server}/findings',
    verb: driftList,
    about: 'What the last look at one server found otherwise than it should be',
    params,
    query: { backend: driftList.input.shape.backend },
    ...findingPages,
  }),
]

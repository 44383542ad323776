import type { Finding } from '../../inspect/index.ts'
import type { LogSummary } from '../../logs/index.ts'
import {
  type Collected,
  driftList,
  logList,
  objectCollect,
  objectExplain,
  objectForget,
  objectList,
  operationList,
  placeList,
  protectionAdd,
  protectionList,
  protectionRemove,
  transferList,
  workCancel,
  workRetry,
} from '../../operate/index.ts'
import { type ObjectView, type OperationView, objectCursor } from '../../placements/index.ts'
import { writeCursor } from '../../query/index.ts'
import type { ProtectionView } from '../../removal/index.ts'
import type { TransferView } from '../../transfer/index.ts'
import { act, one, paged, pages } from '../build.ts'
import type { Given } from '../endpoint.ts'
import { findingPages } from './servers.ts'

const { object } = objectExplain.input.shape
const { after, limit: _, total: __, ...placeFilter } = placeList.input.shape
const params = { object }
const target = ({ params: { object: named } }: Given) => ({ target: named })

export const objectEndpoints = [
  paged<ObjectView>({
    path: '/objects',
    verb: objectList,
    field: 'after',
    cursor: objectList.input.shape.after.unwrap(),
    next: objectCursor,
  }),
  paged<OperationView>({
    path: '/objects/{object}/operations',
    verb: operationList,
    about: 'What was done with one object, is done, and waits, the newest first',
    params,
    field: 'before',
    cursor: operationList.input.shape.before.unwrap(),
    next: ({ id }) => id,
  }),
  paged<Finding>({
    path: '/objects/{object}/findings',
    verb: driftList,
    about: 'What the last looks at servers found otherwise than it should be of one object',
    params,
    query: { server: driftList.input.shape.server, backend: driftList.input.shape.backend },
    ...findingPages,
  }),
  one({ path: '/objects/{object}/explain', verb: objectExplain, params }),
  pages({
    path: '/objects/{object}/placements',
    verb: placeList,
    about: 'Where one object stands',
    params,
    query: { backend: placeFilter.backend, server: placeFilter.server, state: placeFilter.state },
    cursor: after.unwrap(),
    items: 'placements',
    fixed: { total: false },
  }),
  paged<LogSummary>({
    path: '/objects/{object}/history',
    verb: logList,
    about: 'The scripts that did something with one object, the newest first',
    params,
    query: { server: logList.input.shape.server, backend: logList.input.shape.backend },
    field: 'before',
    cursor: logList.input.shape.before.unwrap(),
    next: ({ id }) => id,
  }),
  act({
    path: '/objects/{object}/retry',
    verb: workRetry,
    about: 'Tries what failed or waits of an object again at once',
    params,
    input: target,
  }),
  act({
    path: '/objects/{object}/cancel',
    verb: workCancel,
    about: 'Revokes what waits of an object and ends what runs, on the server too',
    params,
    body: { server: workCancel.input.shape.server, backend: workCancel.input.shape.backend },
    input: ({ params: { object: named }, body }) => ({ target: named, ...body }),
  }),
  act({
    path: '/objects/{object}/collect',
    verb: objectCollect,
    status: 202,
    params,
    location: ({ unit }: Collected) => `/units/${unit}`,
  }),
  act({
    path: '/objects/{object}/forget',
    verb: objectForget,
    params,
    body: { server: objectForget.input.shape.server, backend: objectForget.input.shape.backend },
    asks: true,
  }),
  pages({
    path: '/placements',
    verb: placeList,
    query: placeFilter,
    cursor: after.unwrap(),
    items: 'placements',
    fixed: { total: false },
  }),
  paged<ProtectionView>({
    path: '/protections',
    verb: protectionList,
    field: 'after',
    cursor: protectionList.input.shape.after.unwrap(),
    next: ({ object: about, backend }) => writeCursor([about ?? '', backend ?? '']),
  }),
  act({
    path: '/protections',
    verb: protectionAdd,
    status: 201,
    body: protectionAdd.input.shape,
    location: () => '/protections',
  }),
  act({
    path: '/protections',
    verb: protectionRemove,
    method: 'DELETE',
    query: protectionRemove.input.shape,
  }),
  paged<TransferView>({
    path: '/transfers',
    verb: transferList,
    query: { object: transferList.input.shape.object },
    field: 'after',
    cursor: transferList.input.shape.after.unwrap(),
    next: ({ id }) => id,
  }),
]

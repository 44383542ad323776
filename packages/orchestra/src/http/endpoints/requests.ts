import { requestCancel, requestList, requestShow } from '../../operate/index.ts'
import type { RequestSummary } from '../../requests/index.ts'
import { act, one, paged } from '../build.ts'

const { request } = requestShow.input.shape
const { open, before } = requestList.input.shape

export const requestEndpoints = [
  paged<RequestSummary>({
    path: '/requests',
    verb: requestList,
    query: { open },
    field: 'before',
    cursor: before.unwrap(),
    next: ({ id }) => id,
  }),
  one({ path: '/requests/{request}', verb: requestShow, params: { request } }),
  act({ path: '/requests/{request}/cancel', verb: requestCancel, params: { request } }),
]

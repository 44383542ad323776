import { type BulkBegun, bulkItems, bulkShow, bulkStart, requestCancel } from '../../operate/index.ts'
import type { BulkItem } from '../../requests/index.ts'
import { act, one, paged } from '../build.ts'

const { bulk } = bulkShow.input.shape
const params = { bulk }

export const bulkEndpoints = [
  act({
    path: '/bulk',
    verb: bulkStart,
    status: 202,
    body: bulkStart.input.shape,
    asks: true,
    location: ({ bulk: begun }: BulkBegun) => (begun === null ? null : `/bulk/${begun}`),
  }),
  one({ path: '/bulk/{bulk}', verb: bulkShow, params }),
  paged<BulkItem>({
    path: '/bulk/{bulk}/items',
    verb: bulkItems,
    params,
    query: { state: bulkItems.input.shape.state },
    field: 'after',
    cursor: bulkItems.input.shape.after.unwrap(),
    next: ({ number }) => number,
  }),
  act({
    path: '/bulk/{bulk}/cancel',
    verb: requestCancel,
    about: 'Ends what is done to many behind the one that it is at',
    params,
    input: ({ params: { bulk: request } }) => ({ request }),
  }),
]

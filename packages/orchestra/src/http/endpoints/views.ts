import type { ViewView } from '../../access/index.ts'
import { viewList, viewRemove, viewSave, viewSet } from '../../operate/index.ts'
import { act, keyed } from '../build.ts'

const { view, ...change } = viewSet.input.shape

export const viewEndpoints = [
  keyed<ViewView>({
    path: '/views',
    verb: viewList,
    query: viewList.input.shape,
    key: ({ page, name, id }) => [page, name, id],
  }),
  act({
    path: '/views',
    verb: viewSave,
    status: 201,
    body: viewSave.input.shape,
    location: ({ id }: ViewView) => `/views/${id}`,
  }),
  act({ path: '/views/{view}', verb: viewSet, method: 'PATCH', params: { view }, body: change }),
  act({ path: '/views/{view}', verb: viewRemove, method: 'DELETE', params: { view } }),
]

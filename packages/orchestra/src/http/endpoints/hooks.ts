import type { HookAdded, HookView } from '../../hooks/index.ts'
import { hookAdd, hookList, hookRemove, hookShow } from '../../operate/index.ts'
import { act, keyed, one } from '../build.ts'

const { hook, ...page } = hookShow.input.shape

export const hookEndpoints = [
  keyed<HookView>({ path: '/hooks', verb: hookList, key: ({ name }) => [name] }),
  act({
    path: '/hooks',
    verb: hookAdd,
    status: 201,
    body: hookAdd.input.shape,
    tellsSecret: true,
    location: ({ name }: HookAdded) => `/hooks/${encodeURIComponent(name)}`,
  }),
  one({ path: '/hooks/{hook}', verb: hookShow, params: { hook }, query: page }),
  act({ path: '/hooks/{hook}', verb: hookRemove, method: 'DELETE', params: { hook } }),
]

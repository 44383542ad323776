import type { BindingView, RoleView, SessionView, TokenView, UserView } from '../../access/index.ts'
import {
  bindingAdd,
  bindingList,
  bindingRemove,
  bindingShow,
  roleAdd,
  roleList,
  roleRemove,
  roleSet,
  roleShow,
  sessionList,
  sessionRevoke,
  tokenAdd,
  tokenList,
  tokenRevoke,
  tokenShow,
  userAdd,
  userLink,
  userList,
  userRemove,
  userSet,
  userShow,
} from '../../operate/index.ts'
import { act, keyed, one } from '../build.ts'

const { user, ...userChange } = userSet.input.shape
const { role, ...roleChange } = roleSet.input.shape
const { binding } = bindingRemove.input.shape
const { token } = tokenRevoke.input.shape
const { session } = sessionRevoke.input.shape

const userEndpoints = [
  keyed<UserView>({ path: '/users', verb: userList, key: ({ name }) => [name] }),
  act({
    path: '/users',
    verb: userAdd,
    status: 201,
    body: userAdd.input.shape,
    location: ({ name }: UserView) => `/users/${encodeURIComponent(name)}`,
  }),
  one({ path: '/users/{user}', verb: userShow, params: { user } }),
  act({ path: '/users/{user}', verb: userSet, method: 'PATCH', params: { user }, body: userChange }),
  act({ path: '/users/{user}', verb: userRemove, method: 'DELETE', params: { user } }),
  act({ path: '/users/{user}/link', verb: userLink, params: { user }, tellsSecret: true }),
  keyed<SessionView>({
    path: '/sessions',
    verb: sessionList,
    query: sessionList.input.shape,
    key: ({ id }) => [id],
  }),
  act({ path: '/sessions/{session}', verb: sessionRevoke, method: 'DELETE', params: { session } }),
]

const roleEndpoints = [
  keyed<RoleView>({ path: '/roles', verb: roleList, key: ({ name }) => [name] }),
  act({
    path: '/roles',
    verb: roleAdd,
    status: 201,
    body: roleAdd.input.shape,
    location: ({ name }: RoleView) => `/roles/${encodeURIComponent(name)}`,
  }),
  one({ path: '/roles/{role}', verb: roleShow, params: { role } }),
  act({ path: '/roles/{role}', verb: roleSet, method: 'PATCH', params: { role }, body: roleChange }),
  act({ path: '/roles/{role}', verb: roleRemove, method: 'DELETE', params: { role } }),
  keyed<BindingView>({
    path: '/bindings',
    verb: bindingList,
    query: bindingList.input.shape,
    key: ({ id }) => [id],
  }),
  act({
    path: '/bindings',
    verb: bindingAdd,
    status: 201,
    body: bindingAdd.input.shape,
    location: ({ id }: BindingView) => `/bindings/${id}`,
  }),
  one({ path: '/bindings/{binding}', verb: bindingShow, params: { binding } }),
  act({ path: '/bindings/{binding}', verb: bindingRemove, method: 'DELETE', params: { binding } }),
]

const tokenEndpoints = [
  keyed<TokenView>({
    path: '/tokens',
    verb: tokenList,
    query: tokenList.input.shape,
    key: ({ id }) => [id],
  }),
  act({
    path: '/tokens',
    verb: tokenAdd,
    status: 201,
    body: tokenAdd.input.shape,
    location: ({ name }: TokenView) => `/tokens/${encodeURIComponent(name)}`,
    tellsSecret: true,
  }),
  one({ path: '/tokens/{token}', verb: tokenShow, params: { token } }),
  act({ path: '/tokens/{token}', verb: tokenRevoke, method: 'DELETE', params: { token } }),
]

export const peopleEndpoints = [...userEndpoints, ...roleEndpoints, ...tokenEndpoints]

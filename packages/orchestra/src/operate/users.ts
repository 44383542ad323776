import { z } from 'zod'
import {
  addUser,
  type LoginLink,
  listUsers,
  makeLink,
  readUser,
  removeUser,
  setUser,
  type UserView,
} from '../access/index.ts'
import { actorOf } from './context.ts'
import { nameField } from './fields.ts'
import { assertScopeKnown } from './known.ts'
import { ownOf } from './own.ts'
import { passwordField, scopeFields } from './scope-fields.ts'
import { reading, writing } from './verb.ts'

export const userList = reading({
  name: 'user.list',
  about: 'Who can log in; oneself, without the permission to see others',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: (context): Promise<UserView[]> => listUsers(context.store, ownOf(context, 'user')),
})

export const userShow = reading({
  name: 'user.show',
  about: 'One who can log in',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ user: nameField }),
  run: (context, { user }): Promise<UserView> => readUser(context.store, user, ownOf(context, 'user')),
})

export const userAdd = writing({
  name: 'user.add',
  about: 'Registers somebody who can log in',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    user: nameField,
    /** Left out for whoever is to come in by a link first. */
    password: passwordField.optional(),
    /** Given at once, for what the lists say. */
    role: nameField.optional(),
    ...scopeFields,
  }),
  audit: { action: 'user.add', target: ({ user }) => user },
  run: async (context, { user: name, ...given }): Promise<UserView> => {
    await assertScopeKnown(context, given)
    return addUser(context.store, { name, ...given }, actorOf(context.principal))
  },
})

export const userSet = writing({
  name: 'user.set',
  about: 'Gives somebody another password, or keeps him out; he is out everywhere at once',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    user: nameField,
    password: passwordField.optional(),
    disabled: z.boolean().optional(),
  }),
  audit: { action: 'user.set', target: ({ user }) => user },
  run: ({ store, principal }, { user, ...change }): Promise<UserView> =>
    setUser(store, user, change, actorOf(principal)),
})

export const userRemove = writing({
  name: 'user.remove',
  about: 'Removes somebody with his sessions, his tokens and what he was given',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ user: nameField }),
  audit: { action: 'user.remove', target: ({ user }) => user },
  run: async ({ store, principal }, { user }): Promise<{ user: string; removed: true }> => {
    await removeUser(store, user, actorOf(principal))
    return { user, removed: true }
  },
})

export const userLink = writing({
  name: 'user.link',
  about: 'Makes a link that lets somebody in once; the first makes the first admin',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ user: nameField.default('admin') }),
  audit: { action: 'user.link', target: ({ user }) => user },
  run: ({ store, principal }, { user }): Promise<LoginLink> => makeLink(store, { user }, actorOf(principal)),
})

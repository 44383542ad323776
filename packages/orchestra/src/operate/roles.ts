import { z } from 'zod'
import { addRole, listRoles, type RoleView, readRole, removeRole, setRole } from '../access/index.ts'
import { actorOf } from './context.ts'
import { nameField } from './fields.ts'
import { permissionList } from './scope-fields.ts'
import { reading, writing } from './verb.ts'

export const roleList = reading({
  name: 'role.list',
  about: 'Sets of permissions that can be given',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<RoleView[]> => listRoles(store),
})

export const roleShow = reading({
  name: 'role.show',
  about: 'One set of permissions that can be given',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ role: nameField }),
  run: ({ store }, { role }): Promise<RoleView> => readRole(store, role),
})

const described = z.strictObject({ role: nameField, permissions: permissionList })

export const roleAdd = writing({
  name: 'role.add',
  about: 'Defines a role',
  needs: 'store',
  answers: 'soon',
  input: described,
  audit: { action: 'role.add', target: ({ role }) => role },
  run: ({ store, principal }, { role: name, permissions }): Promise<RoleView> =>
    addRole(store, { name, permissions }, actorOf(principal)),
})

export const roleSet = writing({
  name: 'role.set',
  about: 'Gives a role other permissions, for all who have it',
  needs: 'store',
  answers: 'soon',
  input: described,
  audit: { action: 'role.set', target: ({ role }) => role },
  run: ({ store, principal }, { role: name, permissions }): Promise<RoleView> =>
    setRole(store, { name, permissions }, actorOf(principal)),
})

export const roleRemove = writing({
  name: 'role.remove',
  about: 'Removes a role that nobody has',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ role: nameField }),
  audit: { action: 'role.remove', target: ({ role }) => role },
  run: async ({ store, principal }, { role }): Promise<{ role: string; removed: true }> => {
    await removeRole(store, role, actorOf(principal))
    return { role, removed: true }
  },
})

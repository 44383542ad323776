import { z } from 'zod'
import { everywhere, permissions } from '../../access/index.ts'
import { answering } from '../door.ts'
import type { Principal } from '../principal.ts'

const nothing = z.strictObject({})
const names = z.array(z.string()).readonly().nullable()
const permissionList = z.array(z.enum(permissions)).readonly()

const me = z.strictObject({
  kind: z.enum(['user', 'token', 'application', 'os-user', 'claimed', 'loopback']),
  name: z.string(),
  permissions: permissionList,
  grants: z.array(
    z.strictObject({
      permissions: permissionList,
      servers: names,
      backends: names,
      models: names,
      actions: names,
    }),
  ),
})

export const meDoor = answering({
  method: 'GET',
  path: '/me',
  about: 'Who asks, and what he may: all permissions that he has somewhere, and where he has which',
  anonymous: false,
  params: nothing,
  query: nothing,
  body: nothing,
  answer: me,
  enter: async ({ whoAsks }) => describe(whoAsks()),
})

/** Who knows nobody by name lets everybody do everything. */
function describe({ acting }: Principal) {
  const { kind, name } = acting
  const all = 'grants' in acting ? acting.grants : [{ permissions: new Set(permissions), scope: everywhere }]
  const grants = all.map((grant) => ({ permissions: [...grant.permissions], ...grant.scope }))
  const some = new Set(grants.flatMap((grant) => grant.permissions))
  return { kind, name, permissions: permissions.filter((one) => some.has(one)), grants }
}

import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type Actor, assertMayGive, type Clock, clock as now } from './actor.ts'
import { type Permission, permissionsIn, standardRole, standardRoles } from './permissions.ts'
import { everything } from './scope.ts'

/** A set of permissions that can be given. */
export interface RoleView {
  name: string
  permissions: readonly Permission[]
  /** Every store has it, and nobody changes it. */
  standard: boolean
  /** How often it is given. */
  bindings: number
  /** ISO 8601; null for one that every store has. */
  createdAt: string | null
  by: string | null
}

const OWN = `select name, permissions, false as standard, ${isoTime('created_at')} as "createdAt", created_by as by,
  (select count(*) from orchestra.binding where role = name) as bindings from orchestra.role`

export async function listRoles(db: Queryable): Promise<RoleView[]> {
  const used = await db.query<{ role: string; bindings: number }>(
    'select role, count(*) as bindings from orchestra.binding group by role',
  )
  const bound = new Map(used.map(({ role, bindings }) => [role, bindings]))
  const standard = Object.entries(standardRoles).map(([name, permissions]) => ({
    name,
    permissions,
    standard: true,
    bindings: bound.get(name) ?? 0,
    createdAt: null,
    by: null,
  }))
  const own = await db.query<RoleView>(`${OWN} order by name`)
  return [...standard, ...own.map(knownPermissions)]
}

/** @throws OrchestraError ORC_ROLE_UNKNOWN */
export async function readRole(db: Queryable, name: string): Promise<RoleView> {
  return (await listRoles(db)).find((role) => role.name === name) ?? ownRole(db, name)
}

/** @throws OrchestraError ORC_ROLE_UNKNOWN */
export async function permissionsOf(db: Queryable, name: string): Promise<readonly Permission[]> {
  return standardRole(name) ?? (await ownRole(db, name)).permissions
}

/** @throws OrchestraError ORC_ROLE_EXISTS, ORC_FORBIDDEN */
export async function addRole(
  store: Store,
  { name, permissions }: { name: string; permissions: readonly Permission[] },
  actor: Actor,
  clock: Clock = now,
): Promise<RoleView> {
  assertMayGive(actor, [{ permissions: new Set(permissions), scope: everything }])
  return store.transaction(async (tx) => {
    const added =
      standardRole(name) === undefined
        ? await tx.query(
            `insert into orchestra.role (name, permissions, created_at, created_by) values ($1, $2, $3, $4)
             on conflict do nothing returning name`,
            [name, unique(permissions), clock(), actor.by],
          )
        : []
    if (added.length === 0)
      throw new OrchestraError('ORC_ROLE_EXISTS', `There is a role ${name} already`, {
        hint: `Take another name, or change it: orchestra role set ${name} PERMISSION...`,
      })
    await audit(tx, { by: actor.by, action: 'role.add', target: name, detail: { permissions } })
    return ownRole(tx, name)
  })
}

/**
 * Whoever has the role has what it holds from then on, wherever he has it.
 * @throws OrchestraError ORC_ROLE_UNKNOWN, ORC_FORBIDDEN
 */
export async function setRole(
  store: Store,
  { name, permissions }: { name: string; permissions: readonly Permission[] },
  actor: Actor,
): Promise<RoleView> {
  assertMayGive(actor, [{ permissions: new Set(permissions), scope: everything }])
  assertOwn(name)
  return store.transaction(async (tx) => {
    await ownRole(tx, name)
    await tx.query('update orchestra.role set permissions = $2 where name = $1', [name, unique(permissions)])
    await audit(tx, { by: actor.by, action: 'role.set', target: name, detail: { permissions } })
    return ownRole(tx, name)
  })
}

/** @throws OrchestraError ORC_ROLE_UNKNOWN, ORC_ROLE_IN_USE */
export async function removeRole(store: Store, name: string, actor: Actor): Promise<void> {
  assertOwn(name)
  await store.transaction(async (tx) => {
    await tx.query('select from orchestra.role where name = $1 for update', [name])
    const { bindings } = await ownRole(tx, name)
    if (bindings > 0)
      throw new OrchestraError('ORC_ROLE_IN_USE', `Role ${name} is given ${bindings} times`, {
        hint: 'Take it back first: `orchestra binding list` and `orchestra binding remove`',
      })
    await tx.query('delete from orchestra.role where name = $1', [name])
    await audit(tx, { by: actor.by, action: 'role.remove', target: name })
  })
}

async function ownRole(db: Queryable, name: string): Promise<RoleView> {
  const [role] = await db.query<RoleView>(`${OWN} where name = $1`, [name])
  if (role !== undefined) return knownPermissions(role)
  throw new OrchestraError('ORC_ROLE_UNKNOWN', `There is no role ${name}`, {
    hint: '`orchestra role list` shows all there are',
  })
}

function assertOwn(name: string): void {
  if (standardRole(name) === undefined) return
  throw new OrchestraError(
    'ORC_ROLE_IN_USE',
    `Role ${name} is one that every store has, and stays as it is`,
    {
      hint: 'Make one of your own: orchestra role add NAME PERMISSION...',
    },
  )
}

function knownPermissions(role: RoleView): RoleView {
  return { ...role, permissions: permissionsIn(role.permissions) }
}

function unique(permissions: readonly Permission[]): Permission[] {
  return [...new Set(permissions)]
}

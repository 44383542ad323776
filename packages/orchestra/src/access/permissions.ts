/** All that somebody can be allowed, one by one: who may run something may not for that reason read it. */
export const permissions = [
  'status.read',
  'object.data',
  'diff.read',
  'output.read',
  'script.read',
  'secret.reveal',
  'retry',
  'cancel',
  'collect',
  'hold',
  'pause',
  'check',
  'sync',
  'prune',
  'adopt',
  'forget',
  'trash',
  'key.approve',
  'route',
  'server',
  'protect',
  'view.share',
  'approve',
  'reveal.approve',
  'user',
  'token',
  'channel',
  'audit',
] as const

export type Permission = (typeof permissions)[number]

const reads = ['status.read', 'object.data', 'diff.read', 'output.read'] as const

/** Roles that every store has. */
export const standardRoles: Readonly<Record<string, readonly Permission[]>> = {
  viewer: reads,
  operator: [
    ...reads,
    'retry',
    'cancel',
    'collect',
    'hold',
    'pause',
    'check',
    'sync',
    'protect',
    'view.share',
  ],
  approver: ['status.read', 'object.data', 'diff.read', 'script.read', 'approve'],
  admin: permissions,
  auditor: ['status.read', 'audit'],
}

/** The role that nobody can be without. */
export const ADMIN = 'admin'

const known: ReadonlySet<string> = new Set(permissions)

/** Those that are known here: a later release may have written others. */
export function permissionsIn(names: readonly string[]): Permission[] {
  return names.filter((name): name is Permission => known.has(name))
}

/** The permissions of a role that every store has; undefined for another. */
export function standardRole(name: string): readonly Permission[] | undefined {
  return Object.hasOwn(standardRoles, name) ? standardRoles[name] : undefined
}

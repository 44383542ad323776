import type { Permission } from './permissions.ts'

/** What a scope limits. */
export const dimensions = ['servers', 'backends', 'models', 'actions'] as const

export type Dimension = (typeof dimensions)[number]

/** What is in all of its lists; null is no limit. */
export type Scope = Readonly<Record<Dimension, readonly string[] | null>>

/** All there is. */
export const everything: Scope = { servers: null, backends: null, models: null, actions: null }

/** Permissions within a scope: what a binding gives. */
export interface Grant {
  permissions: ReadonlySet<Permission>
  scope: Scope
}

/** What something is about, by name; null where it is about none. */
export interface Subject {
  server: string | null
  backend: string | null
  model: string | null
  action: string | null
}

export const fieldOf = { servers: 'server', backends: 'backend', models: 'model', actions: 'action' } as const

/** Whether anything that scopes cover is about this. What is about no server is in no scope that names servers. */
export function allows(scopes: readonly Scope[], subject: Subject): boolean {
  return scopes.some((scope) =>
    dimensions.every((dimension) => {
      const names = scope[dimension]
      const name = subject[fieldOf[dimension]]
      return names === null || (name !== null && names.includes(name))
    }),
  )
}

/** Where somebody has a permission. */
export function scopesOf(grants: readonly Grant[], permission: Permission): Scope[] {
  return grants.filter((grant) => grant.permissions.has(permission)).map(({ scope }) => scope)
}

export function isEverything(scope: Scope): boolean {
  return dimensions.every((dimension) => scope[dimension] === null)
}

/** What both cover; undefined when that is nothing. */
export function intersection(one: Scope, other: Scope): Scope | undefined {
  const scope = { ...everything }
  for (const dimension of dimensions) {
    const names = common(one[dimension], other[dimension])
    if (names?.length === 0) return undefined
    scope[dimension] = names
  }
  return scope
}

function common(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  if (one === null) return other
  return other === null ? one : one.filter((name) => other.includes(name))
}

/** What both may: a token never more than whom it belongs to. */
export function commonGrants(some: readonly Grant[], others: readonly Grant[]): Grant[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const permissions = new Set([...one.permissions].filter((each) => other.permissions.has(each)))
      const scope = intersection(one.scope, other.scope)
      return permissions.size === 0 || scope === undefined ? [] : [{ permissions, scope }]
    }),
  )
}

/** The permissions of a grant that whoever has `own` lacks, somewhere in its scope. One of his scopes has to hold all of it. */
export function lacking(own: readonly Grant[], { permissions, scope }: Grant): Permission[] {
  return [...permissions].filter(
    (permission) => !scopesOf(own, permission).some((mine) => isWithin(scope, mine)),
  )
}

function isWithin(inner: Scope, outer: Scope): boolean {
  return dimensions.every((dimension) => {
    const names = outer[dimension]
    return names === null || inner[dimension]?.every((name) => names.includes(name)) === true
  })
}

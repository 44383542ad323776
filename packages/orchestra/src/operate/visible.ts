import {
  allows,
  everywhere,
  isEverything,
  type Permission,
  rowPredicate,
  type Scope,
  scopesOf,
} from '../access/index.ts'
import { parseObject } from '../config/key.ts'
import type { Seen } from '../placements/index.ts'
import type { Narrowing } from '../store/index.ts'
import type { Caller } from './context.ts'

type Asking = Pick<Caller, 'principal'>

/** Where somebody has a permission; undefined for everywhere. */
export function scopesWith({ principal }: Asking, permission: Permission): Scope[] | undefined {
  if (!('grants' in principal)) return undefined
  const scopes = scopesOf(principal.grants, permission)
  return scopes.some(isEverything) ? undefined : scopes
}

/** Which rows somebody may see for whom all of these permissions are needed; undefined for all. */
export function visibleRows(asking: Asking, ...needed: readonly Permission[]): Narrowing | undefined {
  const limits = needed.flatMap((permission) => {
    const scopes = scopesWith(asking, permission)
    return scopes === undefined ? [] : [scopes]
  })
  if (limits.length === 0) return undefined
  return (kind, alias, parameter) =>
    `(${limits.map((scopes) => rowPredicate(scopes, kind, alias, parameter)).join(' and ')})`
}

/** Of rows those of a server, of a backend, or of one on the other; undefined for all. */
export function rowsThere(
  { server, backend }: { server?: string | undefined; backend?: string | undefined },
  rows?: Narrowing,
): Narrowing | undefined {
  if (server === undefined && backend === undefined) return rows
  const there = { ...everywhere, servers: listOf(server), backends: listOf(backend) }
  return (kind, alias, parameter) => {
    const within = rowPredicate([there], kind, alias, parameter)
    return rows === undefined ? within : `(${within} and ${rows(kind, alias, parameter)})`
  }
}

function listOf(name: string | undefined): string[] | null {
  return name === undefined ? null : [name]
}

/** What something is about, as far as it says so. */
export interface About {
  server?: string | null
  backend?: string | null
  model?: string | null
}

/** Whether somebody may see what is about all of this and nothing less: the same for what is known as a whole, and is short. */
export function isVisible(asking: Asking, { server = null, backend = null, model = null }: About): boolean {
  const scopes = scopesWith(asking, 'status.read')
  return scopes === undefined || allows(scopes, { server, backend, model, action: null })
}

/** Whether somebody has a permission in one place. */
export function maySee(
  asking: Asking,
  permission: Permission,
  { server, backend, object }: { server: string; backend: string; object: string },
): boolean {
  const scopes = scopesWith(asking, permission)
  const model = parseObject(object)?.model ?? null
  return scopes === undefined || allows(scopes, { server, backend, model, action: null })
}

/** The same for what is told as a whole; undefined for whoever may see all. */
export function seenBy(asking: Asking): Seen | undefined {
  const rows = visibleRows(asking, 'status.read')
  return rows && { rows, server: (server) => isVisible(asking, { server }) }
}

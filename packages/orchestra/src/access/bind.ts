import type { Queryable } from '../store/index.ts'
import { type Actor, assertMayGive, type Clock } from './actor.ts'
import { permissionsOf } from './roles.ts'
import type { Scope } from './scope.ts'

/** What a role is given for; what is left out is no limit. */
export type NewScope = { readonly [Name in keyof Scope]?: readonly string[] | undefined }

/** One of the three has it. */
export interface NewBinding extends NewScope {
  role: string
  accountId?: number
  tokenId?: number
  group?: string
}

/**
 * Gives somebody a role, in the transaction of whatever it belongs to.
 * @throws OrchestraError ORC_ROLE_UNKNOWN, ORC_FORBIDDEN
 */
export async function insertBinding(
  tx: Queryable,
  binding: NewBinding,
  actor: Actor,
  clock: Clock,
): Promise<number> {
  const { role, accountId = null, tokenId = null, group = null } = binding
  // It cannot be removed before this is committed.
  await tx.query('select from orchestra.role where name = $1 for share', [role])
  const scope = scopeOf(binding)
  assertMayGive(actor, [{ permissions: new Set(await permissionsOf(tx, role)), scope }])
  const { backends, servers, models, actions } = scope
  const values = [role, accountId, tokenId, group, backends, servers, models, actions, clock(), actor.by]
  const [row] = await tx.query<{ id: number }>(
    `insert into orchestra.binding
       (role, account_id, token_id, group_name, backends, servers, models, actions, created_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id`,
    values,
  )
  return row?.id ?? 0
}

/** An empty list would give nothing, and whoever left one out by mistake means the same as whoever gave none. */
export function scopeOf({ backends, servers, models, actions }: NewScope): Scope {
  const limit = (names: readonly string[] | undefined) =>
    names === undefined || names.length === 0 ? null : [...new Set(names)]
  return {
    backends: limit(backends),
    servers: limit(servers),
    models: limit(models),
    actions: limit(actions),
  }
}

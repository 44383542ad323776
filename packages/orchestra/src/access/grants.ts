import type { Queryable } from '../store/index.ts'
import { permissionsIn, standardRole } from './permissions.ts'
import type { Grant } from './scope.ts'

/** Whose grants are looked up. */
export type Holder =
  /** Null for somebody who has groups so far, and no account. */
  { kind: 'account'; id: number | null; groups: readonly string[] } | { kind: 'token'; id: number }

interface BoundRow {
  role: string
  permissions: string[] | null
  backends: string[] | null
  servers: string[] | null
  models: string[] | null
  actions: string[] | null
}

/** What somebody was given: by name, and by the groups that he is in. A role that is gone gives nothing. */
export async function grantsOf(db: Queryable, holder: Holder): Promise<Grant[]> {
  const rows = await db.query<BoundRow>(
    `select b.role, r.permissions, b.backends, b.servers, b.models, b.actions
     from orchestra.binding b left join orchestra.role r on r.name = b.role
     where b.account_id = $1 or b.token_id = $2 or b.group_name = any ($3::text[]) order by b.id`,
    holder.kind === 'account' ? [holder.id, null, holder.groups] : [null, holder.id, []],
  )
  return rows.map(({ role, permissions, ...scope }) => ({
    permissions: new Set(standardRole(role) ?? permissionsIn(permissions ?? [])),
    scope,
  }))
}

import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { accountNamed } from './accounts.ts'
import { type Actor, type Clock, clock as now } from './actor.ts'
import { keepingAnAdmin } from './admins.ts'
import { insertBinding, type NewScope } from './bind.ts'
import { tokenNamed } from './tokens.ts'

/** Who was given a role, and for what. */
export interface BindingView {
  id: number
  role: string
  /** To whom, by the one of these that is not null. */
  user: string | null
  token: string | null
  group: string | null
  /** Null is no limit. */
  servers: string[] | null
  backends: string[] | null
  models: string[] | null
  actions: string[] | null
  /** ISO 8601. */
  createdAt: string
  by: string
}

const VIEW = `
select b.id, b.role, a.name as user, t.name as token, b.group_name as group, b.servers, b.backends, b.models, b.actions,
  ${isoTime('b.created_at')} as "createdAt", b.created_by as by
from orchestra.binding b left join orchestra.account a on a.id = b.account_id left join orchestra.token t on t.id = b.token_id`

export interface BindingSearch {
  user?: string | undefined
  token?: string | undefined
  group?: string | undefined
  role?: string | undefined
}

export function listBindings(
  db: Queryable,
  { user, token, group, role }: BindingSearch = {},
): Promise<BindingView[]> {
  return db.query<BindingView>(
    `${VIEW} where ($1::text is null or a.name = $1) and ($2::text is null or t.name = $2)
       and ($3::text is null or b.group_name = $3) and ($4::text is null or b.role = $4)
       and t.revoked_at is null order by b.id`,
    [user ?? null, token ?? null, group ?? null, role ?? null],
  )
}

/** To whom something is given. */
export type Receiver = { user: string } | { token: string } | { group: string }

export function receiverText(receiver: Receiver): string {
  if ('user' in receiver) return receiver.user
  return 'token' in receiver ? `token:${receiver.token}` : `group:${receiver.group}`
}

/** @throws OrchestraError ORC_ROLE_UNKNOWN, ORC_USER_UNKNOWN, ORC_TOKEN_UNKNOWN, ORC_FORBIDDEN */
export async function addBinding(
  store: Store,
  { role, to, ...scope }: { role: string; to: Receiver } & NewScope,
  actor: Actor,
  clock: Clock = now,
): Promise<BindingView> {
  return store.transaction(async (tx) => {
    const id = await insertBinding(tx, { role, ...scope, ...(await holderOf(tx, to)) }, actor, clock)
    await audit(tx, { by: actor.by, action: 'binding.add', target: receiverText(to), detail: { id, role } })
    return readBinding(tx, id)
  })
}

/** @throws OrchestraError ORC_BINDING_UNKNOWN, ORC_LAST_ADMIN */
export async function removeBinding(store: Store, id: number, actor: Actor): Promise<BindingView> {
  return keepingAnAdmin(store, async (tx) => {
    const binding = await readBinding(tx, id)
    await tx.query('delete from orchestra.binding where id = $1', [id])
    const { role } = binding
    const detail = { role, from: holderText(binding) }
    await audit(tx, { by: actor.by, action: 'binding.remove', target: `binding:${id}`, detail })
    return binding
  })
}

/** @throws OrchestraError ORC_BINDING_UNKNOWN */
export async function readBinding(db: Queryable, id: number): Promise<BindingView> {
  const [binding] = await db.query<BindingView>(`${VIEW} where b.id = $1`, [id])
  if (binding !== undefined) return binding
  throw new OrchestraError('ORC_BINDING_UNKNOWN', `There is no binding ${id}`, {
    hint: '`orchestra binding list` shows all there are',
  })
}

async function holderOf(db: Queryable, to: Receiver) {
  if ('user' in to) return { accountId: (await accountNamed(db, to.user)).id }
  return 'token' in to ? { tokenId: (await tokenNamed(db, to.token)).id } : { group: to.group }
}

function holderText({ user, token, group }: BindingView): string {
  return user ?? (token === null ? `group:${group}` : `token:${token}`)
}

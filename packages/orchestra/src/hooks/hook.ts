import {
  type Actor,
  assertMayGive,
  type Grant,
  type NewScope,
  ownerOf,
  type Permission,
  scopeOf,
} from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { newHookSecret, publicKeyOf, secretHash } from './proof.ts'

/** All that a hook can be for. */
export const deeds = ['collect', 'check', 'sync'] as const

export type Deed = (typeof deeds)[number]

/** Where in what a hook is told stands what it is about: JSON pointers. Those of `key` are the parts of one. */
export interface Pointers {
  server?: string | undefined
  backend?: string | undefined
  model?: string | undefined
  object?: string | undefined
  key?: readonly string[] | undefined
}

/** Somebody elsewhere who may say that something is to be looked at. Times are ISO 8601. */
export interface HookView {
  name: string
  does: Deed
  /** More than this one it never may; null where it belongs to nobody. */
  user: string | null
  /** Null is no limit. */
  servers: string[] | null
  backends: string[] | null
  models: string[] | null
  at: Pointers
  /** What its sender proves himself by. */
  proof: 'signature' | 'secret'
  createdAt: string
  by: string
  /** The last thing that it was told. */
  last: { state: DeliveryState; at: string } | null
}

export type DeliveryState = 'received' | 'done' | 'refused'

/** The secret is told this once: only a hash of it is kept. Null where the sender signs. */
export interface HookAdded extends HookView {
  secret: string | null
}

export interface NewHook extends Omit<NewScope, 'actions'> {
  name: string
  does: Deed
  /** Whose it is. */
  user?: string | undefined
  at: Pointers
  /** `whpk_...` of a sender who signs. */
  publicKey?: string | undefined
}

/** What a hook needs for what it does; it sees what it names. */
export const neededFor: Readonly<Record<Deed, readonly Permission[]>> = {
  collect: ['status.read', 'collect'],
  check: ['status.read', 'check'],
  sync: ['status.read', 'sync', 'prune'],
}

/** What a hook may by itself. */
export function grantOf(does: Deed, scope: Omit<NewScope, 'actions'>): Grant {
  return { permissions: new Set(neededFor[does]), scope: scopeOf(scope) }
}

/** @throws OrchestraError ORC_HOOK_EXISTS, ORC_HOOK_INVALID, ORC_USER_UNKNOWN, ORC_FORBIDDEN */
export async function addHook(
  store: Store,
  { name, does, user, at, publicKey, ...limits }: NewHook,
  actor: Actor,
): Promise<HookAdded> {
  const grant = grantOf(does, limits)
  assertMayGive(actor, [grant])
  const key = publicKey === undefined ? null : publicKeyOf(publicKey)
  const secret = key === null ? newHookSecret() : null
  const { servers, backends, models } = grant.scope
  return store.transaction(async (tx) => {
    const owner = await ownerOf(tx, user, actor)
    const rows = await tx.query(ADD, [
      ...[name, does, servers, backends, models, owner, JSON.stringify(at)],
      ...[key, secret === null ? null : secretHash(secret), actor.by],
    ])
    if (rows.length === 0)
      throw new OrchestraError('ORC_HOOK_EXISTS', `There is a hook ${name} already`, {
        hint: `Take another name, or remove that one: orchestra hook remove ${name}`,
      })
    const detail = { does, user: user ?? null, proof: key === null ? 'secret' : 'signature' }
    await audit(tx, { by: actor.by, action: 'hook.add', target: name, detail })
    return { ...(await readHook(tx, name)), secret }
  })
}

const ADD = `
insert into orchestra.hook (name, does, servers, backends, models, account_id, pointers, public_key, secret_hash, created_at, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), $10) on conflict (name) do nothing returning id`

const VIEW = `
select h.name, h.does, a.name as user, h.servers, h.backends, h.models, h.pointers as at,
  case when h.public_key is null then 'secret' else 'signature' end as proof,
  ${isoTime('h.created_at')} as "createdAt", h.created_by as by,
  case when d.id is not null then json_build_object('state', d.state, 'at', ${isoTime('d.received_at')}) end as last
from orchestra.hook h left join orchestra.account a on a.id = h.account_id
left join lateral (
  select * from orchestra.hook_delivery where hook_id = h.id order by received_at desc limit 1) d on true`

export function listHooks(db: Queryable): Promise<HookView[]> {
  return db.query<HookView>(`${VIEW} order by h.name`)
}

/** @throws OrchestraError ORC_HOOK_UNKNOWN */
export async function readHook(db: Queryable, name: string): Promise<HookView> {
  const [hook] = await db.query<HookView>(`${VIEW} where h.name = $1`, [name])
  if (hook === undefined) throw unknownHook(name)
  return hook
}

/** @throws OrchestraError ORC_HOOK_UNKNOWN */
export function removeHook(store: Store, name: string, by: string): Promise<void> {
  return store.transaction(async (tx) => {
    const removed = await tx.query('delete from orchestra.hook where name = $1 returning id', [name])
    if (removed.length === 0) throw unknownHook(name)
    await audit(tx, { by, action: 'hook.remove', target: name })
  })
}

function unknownHook(name: string): OrchestraError {
  return new OrchestraError('ORC_HOOK_UNKNOWN', `There is no hook ${name}`, {
    hint: '`orchestra hook list` lists them',
  })
}

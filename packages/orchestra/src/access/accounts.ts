import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type Actor, assertMayGive, type Clock, clock as now, type Owner } from './actor.ts'
import { keepingAnAdmin } from './admins.ts'
import { insertBinding, type NewScope } from './bind.ts'
import { grantsOf } from './grants.ts'
import { assertStrong, hashPassword } from './password.ts'

/** Somebody who can log in. Times are ISO 8601. */
export interface UserView {
  name: string
  /** How he comes in: by a password, by a provider of identities, or so far by a link alone. */
  login: 'password' | 'provider' | 'link'
  disabled: boolean
  /** Roles given to him by name. */
  roles: string[]
  /** Groups that his provider told of last. */
  groups: string[]
  createdAt: string
  by: string
  /** When he came in last. */
  seenAt: string | null
}

export interface AccountRow {
  id: number
  name: string
  password: string | null
  groups: string[]
  disabled: boolean
}

const ACCOUNT = `select id, name, password, groups, disabled_at is not null as disabled from orchestra.account`

const VIEW = `
select a.name, case when a.issuer is not null then 'provider' when a.password is not null then 'password' else 'link' end as login,
  a.disabled_at is not null as disabled, a.groups, ${isoTime('a.created_at')} as "createdAt", a.created_by as by,
  ${isoTime('a.seen_at')} as "seenAt",
  array(select distinct role from orchestra.binding where account_id = a.id order by role) as roles
from orchestra.account a`

export function listUsers(db: Queryable, own?: Owner): Promise<UserView[]> {
  return db.query<UserView>(`${VIEW} where $1 or a.id = $2 order by a.name`, [
    own === undefined,
    own?.accountId ?? null,
  ])
}

/**
 * @param own whose it has to be; default anybody's
 * @throws OrchestraError ORC_USER_UNKNOWN
 */
export async function readUser(db: Queryable, name: string, own?: Owner): Promise<UserView> {
  const [user] = await db.query<UserView>(`${VIEW} where a.name = $1 and ($2 or a.id = $3)`, [
    name,
    own === undefined,
    own?.accountId ?? null,
  ])
  if (user === undefined) throw unknownUser(name)
  return user
}

/** @throws OrchestraError ORC_USER_UNKNOWN */
export async function accountNamed(db: Queryable, name: string): Promise<AccountRow> {
  const [row] = await db.query<AccountRow>(`${ACCOUNT} where name = $1`, [name])
  if (row === undefined) throw unknownUser(name)
  return row
}

function unknownUser(name: string): OrchestraError {
  return new OrchestraError('ORC_USER_UNKNOWN', `There is no user ${name}`, {
    hint: '`orchestra user list` shows all there are',
  })
}

export async function findAccount(db: Queryable, name: string): Promise<AccountRow | undefined> {
  const [row] = await db.query<AccountRow>(`${ACCOUNT} where name = $1`, [name])
  return row
}

export interface NewUser extends NewScope {
  name: string
  password?: string | undefined
  /** Given to him at once, within the scope. */
  role?: string | undefined
}

/** @throws OrchestraError ORC_USER_EXISTS, ORC_PASSWORD_WEAK, ORC_ROLE_UNKNOWN, ORC_FORBIDDEN, ORC_INPUT_INVALID */
export async function addUser(
  store: Store,
  { name, password, role, ...scope }: NewUser,
  actor: Actor,
  clock: Clock = now,
): Promise<UserView> {
  assertName(name)
  const hash = password === undefined ? null : await checkedHash(password, name)
  return store.transaction(async (tx) => {
    const [row] = await tx.query<{ id: number }>(
      `insert into orchestra.account (name, password, created_at, created_by) values ($1, $2, $3, $4)
       on conflict (name) do nothing returning id`,
      [name, hash, clock(), actor.by],
    )
    if (row === undefined)
      throw new OrchestraError('ORC_USER_EXISTS', `There is a user ${name} already`, {
        hint: 'Take another name, or change that one: orchestra user set NAME',
      })
    if (role !== undefined) await insertBinding(tx, { role, ...scope, accountId: row.id }, actor, clock)
    await audit(tx, { by: actor.by, action: 'user.add', target: name, detail: { role: role ?? null } })
    return viewOf(tx, name)
  })
}

export interface UserChange {
  password?: string | undefined
  disabled?: boolean | undefined
}

/**
 * With another password, or disabled, he is out everywhere at once.
 * @throws OrchestraError ORC_USER_UNKNOWN, ORC_PASSWORD_WEAK, ORC_FORBIDDEN, ORC_LAST_ADMIN
 */
export async function setUser(
  store: Store,
  name: string,
  { password, disabled }: UserChange,
  actor: Actor,
  clock: Clock = now,
): Promise<UserView> {
  const hash = password === undefined ? undefined : await checkedHash(password, name)
  return keepingAnAdmin(store, async (tx) => {
    const account = await accountNamed(tx, name)
    await assertNotAbove(tx, account, actor)
    if (hash !== undefined)
      await tx.query('update orchestra.account set password = $2 where id = $1', [account.id, hash])
    if (disabled !== undefined)
      await tx.query('update orchestra.account set disabled_at = $2 where id = $1', [
        account.id,
        disabled ? clock() : null,
      ])
    if (hash !== undefined || disabled === true) await closeSessions(tx, account.id)
    const detail = { password: hash !== undefined || undefined, disabled }
    await audit(tx, { by: actor.by, action: 'user.set', target: name, detail })
    return viewOf(tx, name)
  })
}

/** @throws OrchestraError ORC_USER_UNKNOWN, ORC_FORBIDDEN, ORC_LAST_ADMIN */
export async function removeUser(store: Store, name: string, actor: Actor): Promise<void> {
  await keepingAnAdmin(store, async (tx) => {
    const account = await accountNamed(tx, name)
    await assertNotAbove(tx, account, actor)
    await tx.query('delete from orchestra.account where id = $1', [account.id])
    await audit(tx, { by: actor.by, action: 'user.remove', target: name })
  })
}

/**
 * Who could become somebody, by his password or his link, has what that one has.
 * @throws OrchestraError ORC_FORBIDDEN
 */
export async function assertNotAbove(db: Queryable, account: AccountRow, actor: Actor): Promise<void> {
  if (actor.grants === undefined || actor.accountId === account.id) return
  assertMayGive(actor, await grantsOf(db, { kind: 'account', ...account }))
}

async function closeSessions(tx: Queryable, accountId: number): Promise<void> {
  await tx.query('delete from orchestra.session where account_id = $1', [accountId])
  await tx.query('delete from orchestra.login_link where account_id = $1', [accountId])
}

async function viewOf(db: Queryable, name: string): Promise<UserView> {
  const [view] = await db.query<UserView>(`${VIEW} where a.name = $1`, [name])
  return view as UserView
}

async function checkedHash(password: string, name: string): Promise<string> {
  assertStrong(password, name)
  return hashPassword(password)
}

/** The audit names tokens beside users, and neither is to pass for the other. */
function assertName(name: string): void {
  if (!/^(token|link|group):/i.test(name) && name.trim() === name) return
  throw new OrchestraError('ORC_INPUT_INVALID', 'A user cannot be called that', {
    hint: 'A name has no blanks at its ends and does not begin with `token:`, `link:` or `group:`',
  })
}

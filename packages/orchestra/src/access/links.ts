import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type AccountRow, accountNamed, assertNotAbove, findAccount } from './accounts.ts'
import { type Actor, type Clock, clock as now } from './actor.ts'
import { ADMINS, countAdmins } from './admins.ts'
import { countStranger } from './attempts.ts'
import { insertBinding } from './bind.ts'
import { type Arrival, type Entered, enter, refused } from './login.ts'
import { ADMIN } from './permissions.ts'
import { hashOf, isSecret, newSecret } from './secret-text.ts'

/** Milliseconds that a link is good for. */
export const LINK_LASTS = 15 * 60_000

/** What lets somebody in once; the secret is told this once. */
export interface LoginLink {
  user: string
  secret: string
  /** ISO 8601. */
  expiresAt: string
}

/** Whom the first link is for. */
export const FIRST_USER = 'admin'

/**
 * Makes a link for a user; links made for him before are good no more. Without a name, and while nobody may do everything, it is for
 * the first admin, who is made.
 * @throws OrchestraError ORC_USER_UNKNOWN, ORC_FORBIDDEN
 */
export async function makeLink(
  store: Store,
  { user = FIRST_USER }: { user?: string | undefined },
  actor: Actor,
  clock: Clock = now,
): Promise<LoginLink> {
  const secret = newSecret()
  const ends = new Date(clock().getTime() + LINK_LASTS)
  return store.transaction(async (tx) => {
    await tx.query('lock table orchestra.binding in share row exclusive mode')
    const account = await userOfLink(tx, user, actor, clock)
    await assertNotAbove(tx, account, actor)
    await tx.query('delete from orchestra.login_link where account_id = $1 or expires_at <= $2', [
      account.id,
      clock(),
    ])
    await tx.query(
      'insert into orchestra.login_link (hash, account_id, created_by, expires_at) values ($1, $2, $3, $4)',
      [hashOf(secret), account.id, actor.by, ends],
    )
    await audit(tx, { by: actor.by, action: 'user.link', target: user })
    return { user, secret, expiresAt: ends.toISOString() }
  })
}

/**
 * The link for the first start, and for the next ones while nobody has used it: undefined where somebody who may do everything has come
 * in, or can.
 */
export async function firstLink(
  store: Store,
  actor: Actor,
  clock: Clock = now,
): Promise<LoginLink | undefined> {
  const admins = await store.query<{ name: string; cameIn: boolean }>(
    `select distinct a.name, num_nonnulls(a.password, a.issuer, a.seen_at) > 0 as "cameIn" ${ADMINS}`,
  )
  const isAwaited = admins.length === 0 || admins.some(({ name }) => name === FIRST_USER)
  return isAwaited && !admins.some(({ cameIn }) => cameIn) ? makeLink(store, {}, actor, clock) : undefined
}

async function userOfLink(tx: Queryable, user: string, actor: Actor, clock: Clock): Promise<AccountRow> {
  const isFirst = user === FIRST_USER && (await countAdmins(tx)) === 0
  if (!isFirst) return accountNamed(tx, user)
  if ((await findAccount(tx, user)) === undefined)
    await tx.query('insert into orchestra.account (name, created_at, created_by) values ($1, $2, $3)', [
      user,
      clock(),
      actor.by,
    ])
  const account = await accountNamed(tx, user)
  await tx.query('update orchestra.account set disabled_at = null where id = $1', [account.id])
  await insertBinding(tx, { role: ADMIN, accountId: account.id }, actor, clock)
  return account
}

/**
 * Lets somebody in by a link, once.
 * @throws OrchestraError ORC_LOGIN_REFUSED, ORC_LOGIN_LIMITED
 */
export async function enterByLink(
  store: Store,
  { secret, ...arrival }: Arrival & { secret: string },
  clock: Clock = now,
): Promise<Entered> {
  await countStranger(store, arrival.address, clock)
  if (!isSecret(secret)) throw refused()
  return store.transaction(async (tx) => {
    const [found] = await tx.query<{ id: number; name: string }>(
      `delete from orchestra.login_link l using orchestra.account a
       where a.id = l.account_id and l.hash = $1 and l.expires_at > $2 returning a.id, a.name`,
      [hashOf(secret), clock()],
    )
    if (found === undefined) throw refused()
    return enter(tx, found, arrival, clock)
  })
}

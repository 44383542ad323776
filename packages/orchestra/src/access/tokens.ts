import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { accountNamed, assertNotAbove } from './accounts.ts'
import { type Actor, type Clock, clock as now, type Owner } from './actor.ts'
import { insertBinding, type NewScope } from './bind.ts'
import { networkOf } from './networks.ts'
import { hashOf, newToken } from './secret-text.ts'

export const MOST_DAYS = 365
const DAY = 86_400_000

/** What a program shows instead of a name and a password. Times are ISO 8601. */
export interface TokenView {
  id: number
  name: string
  /** More than this one it never may; null where it belongs to nobody. */
  user: string | null
  roles: string[]
  /** From where it is taken; empty for everywhere. */
  networks: string[]
  state: 'valid' | 'expired' | 'revoked'
  createdAt: string
  by: string
  expiresAt: string
  lastUsedAt: string | null
}

/** The token itself is told this once: only a hash of it is kept. */
export interface TokenMade extends TokenView {
  token: string
}

/** @param now a parameter with the time */
const view = (now: string) => `
select t.id, t.name, a.name as user, t.networks, ${isoTime('t.created_at')} as "createdAt", t.created_by as by,
  ${isoTime('t.expires_at')} as "expiresAt", ${isoTime('t.last_used_at')} as "lastUsedAt",
  case when t.revoked_at is not null then 'revoked' when t.expires_at <= ${now} then 'expired' else 'valid' end as state,
  array(select distinct role from orchestra.binding where token_id = t.id order by role) as roles
from orchestra.token t left join orchestra.account a on a.id = t.account_id`

/** Those that can be used, or all that ever were. */
export function listTokens(
  db: Queryable,
  { user, all = false, own }: { user?: string | undefined; all?: boolean; own?: Owner | undefined } = {},
  clock: Clock = now,
): Promise<TokenView[]> {
  return db.query<TokenView>(
    `${view('$1')} where ($2::text is null or a.name = $2) and ($3 or (t.revoked_at is null and t.expires_at > $1))
       and ($4 or t.account_id = $5) order by t.id`,
    [clock(), user ?? null, all, own === undefined, own?.accountId ?? null],
  )
}

export interface NewToken extends NewScope {
  name: string
  role: string
  /** Whose it is. */
  user?: string | undefined
  networks?: readonly string[] | undefined
  days: number
}

/** @throws OrchestraError ORC_TOKEN_EXISTS, ORC_ROLE_UNKNOWN, ORC_USER_UNKNOWN, ORC_FORBIDDEN, ORC_INPUT_INVALID */
export async function addToken(
  store: Store,
  { name, role, user, networks = [], days, ...scope }: NewToken,
  actor: Actor,
  clock: Clock = now,
): Promise<TokenMade> {
  const token = newToken()
  const ranges = [...new Set(networks.map(networkOf))]
  const at = clock()
  const ends = new Date(at.getTime() + Math.min(days, MOST_DAYS) * DAY)
  return store.transaction(async (tx) => {
    const owner = await ownerOf(tx, user, actor)
    await makeRoom(tx, name, at)
    const [row] = await tx.query<{ id: number }>(
      `insert into orchestra.token (name, hash, account_id, networks, created_at, created_by, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) where revoked_at is null do nothing returning id`,
      [name, hashOf(token), owner, ranges, at, actor.by, ends],
    )
    if (row === undefined)
      throw new OrchestraError('ORC_TOKEN_EXISTS', `There is a token ${name} already`, {
        hint: `Take another name, or revoke that one: orchestra token revoke ${name}`,
      })
    await insertBinding(tx, { role, ...scope, tokenId: row.id }, actor, clock)
    const detail = { role, user: user ?? null, expiresAt: ends.toISOString() }
    await audit(tx, { by: actor.by, action: 'token.add', target: name, detail })
    const [made] = await tx.query<TokenView>(`${view('$1')} where t.id = $2`, [at, row.id])
    return { ...(made as TokenView), token }
  })
}

/**
 * Whose token it is: of whoever asks, if nobody is named. Who makes one for somebody else has what that one has.
 * @throws OrchestraError ORC_USER_UNKNOWN, ORC_FORBIDDEN
 */
export async function ownerOf(tx: Queryable, user: string | undefined, actor: Actor): Promise<number | null> {
  if (user === undefined) return actor.accountId ?? null
  const account = await accountNamed(tx, user)
  await assertNotAbove(tx, account, actor)
  return account.id
}

/** One that has expired keeps nobody from its name. */
async function makeRoom(tx: Queryable, name: string, at: Date): Promise<void> {
  await tx.query(
    'update orchestra.token set revoked_at = expires_at where name = $1 and revoked_at is null and expires_at <= $2',
    [name, at],
  )
}

/** @throws OrchestraError ORC_TOKEN_UNKNOWN */
export async function revokeToken(
  store: Store,
  name: string,
  actor: Actor,
  clock: Clock = now,
): Promise<TokenView> {
  return store.transaction(async (tx) => {
    const { id } = await tokenNamed(tx, name)
    await tx.query('update orchestra.token set revoked_at = $2 where id = $1', [id, clock()])
    await audit(tx, { by: actor.by, action: 'token.revoke', target: name })
    const [revoked] = await tx.query<TokenView>(`${view('$1')} where t.id = $2`, [clock(), id])
    return revoked as TokenView
  })
}

/**
 * One that was not revoked.
 * @param own whose it has to be; default anybody's
 * @throws OrchestraError ORC_TOKEN_UNKNOWN
 */
export async function readToken(
  db: Queryable,
  name: string,
  own?: Owner,
  clock: Clock = now,
): Promise<TokenView> {
  const [token] = await db.query<TokenView>(
    `${view('$1')} where t.name = $2 and t.revoked_at is null and ($3 or t.account_id = $4)`,
    [clock(), name, own === undefined, own?.accountId ?? null],
  )
  if (token === undefined) throw unknownToken(name)
  return token
}

/** @throws OrchestraError ORC_TOKEN_UNKNOWN */
export async function tokenNamed(db: Queryable, name: string): Promise<{ id: number }> {
  const [row] = await db.query<{ id: number }>(
    'select id from orchestra.token where name = $1 and revoked_at is null',
    [name],
  )
  if (row === undefined) throw unknownToken(name)
  return row
}

function unknownToken(name: string): OrchestraError {
  return new OrchestraError('ORC_TOKEN_UNKNOWN', `There is no token ${name} that could be used`, {
    hint: '`orchestra token list --all` shows all there were',
  })
}

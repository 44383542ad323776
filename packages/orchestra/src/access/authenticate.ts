import { OrchestraError } from '../errors.ts'
import type { Queryable } from '../store/index.ts'
import { type Clock, clock as now } from './actor.ts'
import { grantsOf } from './grants.ts'
import { isInNetworks } from './networks.ts'
import { commonGrants, type Grant } from './scope.ts'
import { hashOf, isSecret, isToken } from './secret-text.ts'
import { isOpen } from './sessions.ts'

/** Who proved who he is, and what he may. */
export interface Identity {
  /** A hook is a token that is good for one thing. */
  kind: 'user' | 'token'
  /** As the audit names him: `ana`, `token:ci`, `hook:shop`. */
  name: string
  grants: readonly Grant[]
  /** His account, or the one that the token belongs to. */
  accountId: number | null
  /** By which session or token; null where a proxy says it with each request, and of a hook. */
  by: number | null
}

/** Not every request writes: a use is noted once in so many milliseconds. */
export const NOTED_EVERY = 60_000

interface TokenRow {
  id: number
  name: string
  networks: string[]
  expired: boolean
  stale: boolean
  account: number | null
  groups: string[] | null
  disabled: boolean
}

const tokenBy = (column: 'hash' | 'id') => `
select t.id, t.name, t.networks, t.expires_at <= $2 as expired, t.account_id as account, a.groups,
  a.disabled_at is not null as disabled, coalesce(t.last_used_at <= $3, true) as stale
from orchestra.token t left join orchestra.account a on a.id = t.account_id
where t.${column} = $1 and t.revoked_at is null`

const TOKEN = tokenBy('hash')
const TOKEN_BY_ID = tokenBy('id')

/**
 * Whom a token stands for. Where it comes from somewhere else it is answered as one that nobody knows.
 * @throws OrchestraError ORC_TOKEN_INVALID
 */
export async function authenticateToken(
  db: Queryable,
  { token, address }: { token: string; address: string },
  clock: Clock = now,
): Promise<Identity> {
  const at = clock()
  const [row] = isToken(token) ? await db.query<TokenRow>(TOKEN, [hashOf(token), at, noted(at)]) : []
  const identity = await ofToken(db, row, address)
  if (row?.stale === true)
    await db.query('update orchestra.token set last_used_at = $2 where id = $1', [row.id, at])
  return identity
}

async function ofToken(db: Queryable, row: TokenRow | undefined, address: string): Promise<Identity> {
  if (row === undefined || row.disabled || !isFrom(address, row.networks)) throw invalidToken('is not known')
  if (row.expired) throw invalidToken('has expired')
  const { id, name, account } = row
  return {
    kind: 'token',
    name: `token:${name}`,
    grants: await tokenGrants(db, row),
    accountId: account,
    by: id,
  }
}

async function tokenGrants(db: Queryable, { id, account, groups }: TokenRow): Promise<Grant[]> {
  const own = await grantsOf(db, { kind: 'token', id })
  if (account === null) return own
  return commonGrants(own, await grantsOf(db, { kind: 'account', id: account, groups: groups ?? [] }))
}

interface SessionRow {
  id: number
  account: number
  name: string
  groups: string[]
  stale: boolean
}

const sessionBy = (column: 'hash' | 'id') => `
select s.id, s.account_id as account, a.name, a.groups, s.seen_at <= $3 as stale
from orchestra.session s join orchestra.account a on a.id = s.account_id
where s.${column} = $1 and a.disabled_at is null and ${isOpen('$2')}`

const SESSION = sessionBy('hash')
const SESSION_BY_ID = sessionBy('id')

/**
 * Whose session it is.
 * @param notes whether it is a request, after which the session lasts longer
 * @throws OrchestraError ORC_SESSION_ENDED
 */
export async function authenticateSession(
  db: Queryable,
  { secret, notes = true }: { secret: string; notes?: boolean },
  clock: Clock = now,
): Promise<Identity> {
  const at = clock()
  const [row] = isSecret(secret) ? await db.query<SessionRow>(SESSION, [hashOf(secret), at, noted(at)]) : []
  if (row === undefined) throw endedSession()
  if (row.stale && notes)
    await db.query('update orchestra.session set seen_at = $2 where id = $1', [row.id, at])
  return identityOf(db, row, row.id)
}

type Person = Pick<SessionRow, 'account' | 'name' | 'groups'>

async function identityOf(
  db: Queryable,
  { account, name, groups }: Person,
  by: number | null,
): Promise<Identity> {
  const grants = await grantsOf(db, { kind: 'account', id: account, groups })
  return { kind: 'user', name, grants, accountId: account, by }
}

/** Who proved who he is, and from where. */
export interface Proved extends Pick<Identity, 'kind' | 'by' | 'accountId'> {
  address: string
}

/**
 * Who somebody is by now who proved it before, and what he may: for what is done in his name later. Whatever would keep him out now
 * keeps that from being done: a session or a token that ended, networks that are others by now. A proxy cannot be asked again: whom
 * it named is who he was then, unless he was disabled.
 * @throws OrchestraError ORC_TOKEN_INVALID, ORC_SESSION_ENDED
 */
export async function presentIdentity(db: Queryable, proved: Proved, clock: Clock = now): Promise<Identity> {
  return proved.kind === 'token' ? presentToken(db, proved, clock) : presentUser(db, proved, clock)
}

async function presentToken(db: Queryable, { by, address }: Proved, clock: Clock): Promise<Identity> {
  const at = clock()
  const [row] = await db.query<TokenRow>(TOKEN_BY_ID, [by, at, noted(at)])
  return ofToken(db, row, address)
}

async function presentUser(db: Queryable, { by, accountId }: Proved, clock: Clock): Promise<Identity> {
  const at = clock()
  const [row] =
    by === null
      ? await db.query<Person>(ACCOUNT, [accountId])
      : await db.query<Person>(SESSION_BY_ID, [by, at, noted(at)])
  if (row === undefined) throw endedSession()
  return identityOf(db, row, by)
}

const ACCOUNT =
  'select id as account, name, groups from orchestra.account where id = $1 and disabled_at is null'

function isFrom(address: string, networks: readonly string[]): boolean {
  return networks.length === 0 || isInNetworks(address, networks)
}

function noted(at: Date): Date {
  return new Date(at.getTime() - NOTED_EVERY)
}

function endedSession(): OrchestraError {
  return new OrchestraError('ORC_SESSION_ENDED', 'The session has ended', { hint: 'Log in again' })
}

function invalidToken(why: string): OrchestraError {
  return new OrchestraError('ORC_TOKEN_INVALID', `The token ${why}`, {
    hint: 'Make one with `orchestra token add NAME --role ROLE`, and give it as it was printed',
  })
}

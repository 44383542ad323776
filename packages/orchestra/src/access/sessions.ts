import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import { type Queryable, type Store, storable } from '../store/index.ts'
import type { Actor, Clock, Owner } from './actor.ts'
import { clock as now } from './actor.ts'
import { hashOf, newSecret } from './secret-text.ts'

const HOUR = 3_600_000
/** After so long without a request a session has ended, in milliseconds. */
export const IDLE = 12 * HOUR
/** And after so long in any case. */
export const LONGEST = 7 * 24 * HOUR

/** Characters of what a browser says that it is. */
const AGENT = 200

/** Somebody who is in. Times are ISO 8601. */
export interface SessionView {
  id: number
  user: string
  address: string
  agent: string | null
  createdAt: string
  /** The last request. */
  seenAt: string
  /** When it ends, if nobody asks for anything until then. */
  endsAt: string
}

const ENDS = `least(s.seen_at + interval '${IDLE} milliseconds', s.created_at + interval '${LONGEST} milliseconds')`

const VIEW = `
select s.id, a.name as user, s.address, s.agent, ${isoTime('s.created_at')} as "createdAt", ${isoTime('s.seen_at')} as "seenAt",
  ${isoTime(ENDS)} as "endsAt"
from orchestra.session s join orchestra.account a on a.id = s.account_id`

/** A condition for sessions `s` that have not ended. @param now a parameter with the time */
export const isOpen = (now: string) => `${ENDS} > ${now}`

export function listSessions(
  db: Queryable,
  { user, own }: { user?: string | undefined; own?: Owner | undefined } = {},
  clock: Clock = now,
): Promise<SessionView[]> {
  return db.query<SessionView>(
    `${VIEW} where ${isOpen('$1')} and ($2::text is null or a.name = $2) and ($3 or s.account_id = $4) order by s.id`,
    [clock(), user ?? null, own === undefined, own?.accountId ?? null],
  )
}

export interface NewSession {
  accountId: number
  address: string
  agent?: string | undefined
  /** The session that whoever comes in had before: it ends, so that nobody can have put it there for him. */
  former?: string | undefined
}

/** Opens a session, and answers its secret: only a hash of it is kept. */
export async function openSession(
  tx: Queryable,
  { accountId, address, agent, former }: NewSession,
  clock: Clock,
): Promise<{ secret: string; session: SessionView }> {
  const secret = newSecret()
  const at = clock()
  await tx.query(
    `delete from orchestra.session s where s.hash = $1 or (s.account_id = $2 and not ${isOpen('$3')})`,
    [hashOf(former ?? ''), accountId, at],
  )
  const said = storable(agent?.slice(0, AGENT))
  const [row] = await tx.query<{ id: number }>(
    `insert into orchestra.session (hash, account_id, address, agent, created_at, seen_at)
     values ($1, $2, $3, $4, $5, $5) returning id`,
    [hashOf(secret), accountId, storable(address), said, at],
  )
  await tx.query('update orchestra.account set seen_at = $2 where id = $1', [accountId, at])
  const [session] = await tx.query<SessionView>(`${VIEW} where s.id = $1`, [row?.id])
  return { secret, session: session as SessionView }
}

/** Ends the session of whoever leaves, and tells the audit; nothing where there is none. */
export async function closeSession(
  store: Store,
  { secret, address }: { secret: string; address: string },
): Promise<void> {
  await store.transaction(async (tx) => {
    const [closed] = await tx.query<{ id: number; user: string }>(
      `delete from orchestra.session s using orchestra.account a where a.id = s.account_id and s.hash = $1
       returning s.id, a.name as user`,
      [hashOf(secret)],
    )
    if (closed === undefined) return
    const { id, user } = closed
    await audit(tx, { by: user, action: 'session.close', target: user, detail: { address, session: id } })
  })
}

/**
 * @param own whose it has to be; default anybody's
 * @throws OrchestraError ORC_SESSION_UNKNOWN
 */
export async function revokeSession(
  store: Store,
  id: number,
  actor: Actor,
  own?: Owner,
): Promise<{ user: string }> {
  return store.transaction(async (tx) => {
    const [ended] = await tx.query<{ user: string }>(
      `delete from orchestra.session s using orchestra.account a where a.id = s.account_id and s.id = $1
         and ($2 or s.account_id = $3) returning a.name as user`,
      [id, own === undefined, own?.accountId ?? null],
    )
    if (ended === undefined)
      throw new OrchestraError('ORC_SESSION_UNKNOWN', `There is no session ${id}`, {
        hint: '`orchestra session list` shows all that are open',
      })
    const detail = { user: ended.user }
    await audit(tx, { by: actor.by, action: 'session.revoke', target: `session:${id}`, detail })
    return ended
  })
}

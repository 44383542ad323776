import { type ErrorCode, OrchestraError } from '../errors.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type AccountRow, findAccount } from './accounts.ts'
import { type Clock, clock as now } from './actor.ts'
import { countAttempt, forgetAttempts } from './attempts.ts'
import { isPassword } from './password.ts'
import { openSession, type SessionView } from './sessions.ts'

/** From where somebody comes in, and what he had before. */
export interface Arrival {
  address: string
  agent?: string | undefined
  former?: string | undefined
}

/** Somebody who came in; the secret is for his cookie, and told this once. */
export interface Entered {
  secret: string
  session: SessionView
}

/**
 * Lets somebody in by name and password. A name that is unknown, a wrong password and a disabled user are refused with the same words
 * after the same time.
 * @throws OrchestraError ORC_LOGIN_REFUSED, ORC_LOGIN_LIMITED
 */
export async function login(
  store: Store,
  { name, password, ...arrival }: Arrival & { name: string; password: string },
  clock: Clock = now,
): Promise<Entered> {
  const trying = { name, address: arrival.address }
  await countAttempt(store, trying, clock)
  const account = isName(name) ? await findAccount(store, name) : undefined
  const isRight = await isPassword(password, account?.password ?? null)
  if (account === undefined || !isRight || account.disabled) {
    if (account !== undefined) await noteRefusal(store, account, arrival, 'ORC_LOGIN_REFUSED')
    throw refused()
  }
  return store.transaction(async (tx) => {
    await forgetAttempts(tx, trying)
    return enter(tx, account, arrival, clock)
  })
}

/**
 * Opens the session of somebody who proved who he is, and tells the audit.
 * @throws OrchestraError ORC_LOGIN_REFUSED when he was disabled or removed meanwhile
 */
export async function enter(
  tx: Queryable,
  { id, name }: Pick<AccountRow, 'id' | 'name'>,
  arrival: Arrival,
  clock: Clock,
): Promise<Entered> {
  const there = await tx.query(
    'select from orchestra.account where id = $1 and disabled_at is null for share',
    [id],
  )
  if (there.length === 0) throw refused()
  const entered = await openSession(tx, { accountId: id, ...arrival }, clock)
  const detail = { address: arrival.address, session: entered.session.id }
  await audit(tx, { by: name, action: 'session.open', target: name, detail })
  return entered
}

export function refused(): OrchestraError {
  return new OrchestraError('ORC_LOGIN_REFUSED', 'Nobody is let in by that', {
    hint: 'Check name and password; somebody with a terminal can help: orchestra user link NAME',
  })
}

/** Of somebody who is known: a name that nobody has may be a password that was typed into the wrong field. */
export async function noteRefusal(
  db: Queryable,
  { name }: Pick<AccountRow, 'name'>,
  { address }: Arrival,
  failed: ErrorCode,
): Promise<void> {
  await audit(db, { by: name, action: 'session.open', target: name, detail: { address, failed } })
}

/** What the store cannot hold nobody is called. */
function isName(name: string): boolean {
  return name.length <= 253 && !name.includes('\0') && name.isWellFormed()
}

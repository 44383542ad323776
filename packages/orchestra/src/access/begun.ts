import { createHmac } from 'node:crypto'
import { OrchestraError } from '../errors.ts'
import type { Queryable } from '../store/index.ts'
import { type Clock, clock as now } from './actor.ts'
import { hashOf, isSecret, newSecret } from './secret-text.ts'

/** Milliseconds that somebody has at his provider. */
export const BEGUN_LASTS = 10 * 60_000
/** Old rows that one login takes along at most. */
const SWEPT = 100

/** A login at a provider: by whom it was begun, a browser alone knows. */
export interface BegunLogin {
  provider: string
  /** Where the browser goes on, a path of this server. */
  returnTo: string
}

/** What goes to the provider and has to come back from it, so that nobody else's answer is taken for it. */
export interface Proofs {
  state: string
  nonce: string
  /** What the provider is told last, of which it has known a hash from the beginning (PKCE). */
  verifier: string
}

/** All of them come from the secret of the browser: nothing that is kept finishes a login. */
export function proofsOf(secret: string): Proofs {
  const derive = (purpose: string) => createHmac('sha256', secret).update(purpose).digest('base64url')
  return { state: derive('state'), nonce: derive('nonce'), verifier: derive('verifier') }
}

/** Begins a login; the secret is for the browser, and told this once. */
export async function beginLogin(
  db: Queryable,
  { provider, returnTo }: BegunLogin,
  clock: Clock = now,
): Promise<string> {
  const secret = newSecret()
  const at = clock()
  await db.query(
    `delete from orchestra.begun_login where hash in
       (select hash from orchestra.begun_login where expires_at <= $1 limit ${SWEPT} for update skip locked)`,
    [at],
  )
  await db.query(
    'insert into orchestra.begun_login (hash, provider, return_to, expires_at) values ($1, $2, $3, $4)',
    [hashOf(secret), provider, returnTo, new Date(at.getTime() + BEGUN_LASTS)],
  )
  return secret
}

/**
 * Takes a login that comes back from its provider, once. What somebody else made up for this browser leaves its own login as it is.
 * @throws OrchestraError ORC_LOGIN_STALE
 */
export async function takeBegun(
  db: Queryable,
  { secret, provider, state }: { secret: string | undefined; provider: string; state: unknown },
  clock: Clock = now,
): Promise<{ returnTo: string; proofs: Proofs }> {
  if (secret === undefined || !isSecret(secret)) throw stale()
  const proofs = proofsOf(secret)
  if (state !== proofs.state) throw stale()
  const [begun] = await db.query<{ returnTo: string; expired: boolean }>(
    `delete from orchestra.begun_login where hash = $1 and provider = $2
     returning return_to as "returnTo", expires_at <= $3 as expired`,
    [hashOf(secret), provider, clock()],
  )
  if (begun === undefined || begun.expired) throw stale()
  return { returnTo: begun.returnTo, proofs }
}

function stale(): OrchestraError {
  return new OrchestraError(
    'ORC_LOGIN_STALE',
    'This login was begun in another browser or too long ago, or it is finished already',
    { hint: 'Begin again: one at a time, in this browser, within ten minutes' },
  )
}

import { createHash, createHmac, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { OrchestraError } from '../errors.ts'
import type { Queryable } from '../store/index.ts'
import { KEPT_HOURS } from './request.ts'

/** What is to be done once. */
export interface Once {
  askerKey: string
  /** Of which endpoint. */
  route: string
  /** What whoever asks calls it. */
  key: string
  /** All that was asked. */
  asked: string
  /** There may be a password in it. */
  secret: boolean
}

/** An answer as it was sent. */
export interface KeptAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** Seconds after which whoever was at it is taken for lost. */
const LEASE = 60

/**
 * Takes it on, or answers what was answered before.
 * @throws OrchestraError ORC_IDEMPOTENCY_REUSED, ORC_IDEMPOTENCY_BUSY, ORC_IDEMPOTENCY_LOST, ORC_IDEMPOTENCY_SECRET
 */
export async function beginOnce(db: Queryable, once: Once): Promise<KeptAnswer | undefined> {
  const place = placeOf(once)
  const asked = await digestOf(once)
  const taken = await db.query(TAKE, [...place, asked, LEASE, KEPT_HOURS])
  if (taken.length > 0) return undefined
  const [row] = await db.query<Found>(READ, place)
  // Whoever was at it has just given it up: the next try finds its place free.
  if (row === undefined) throw busy()
  if (!row.asked.equals(asked)) throw reused()
  if (!row.ended) throw row.lost ? lost() : busy()
  if (row.answer === null) throw toldOnce()
  return JSON.parse(row.answer) as KeptAnswer
}

interface Found {
  asked: Buffer
  ended: boolean
  answer: string | null
  lost: boolean
}

const TAKE = `
insert into orchestra.idempotency as i (asker_key, route, key_hash, asked, lease_until)
values ($1, $2, $3, $4, now() + $5 * interval '1 second')
on conflict (asker_key, route, key_hash) do update
  set asked = excluded.asked, ended_at = null, answer = null, lease_until = excluded.lease_until, created_at = now()
  where i.created_at < now() - $6 * interval '1 hour'
returning 1`

const AT = 'asker_key = $1 and route = $2 and key_hash = $3'

const READ = `
select asked, ended_at is not null as ended, answer, lease_until <= now() as lost
from orchestra.idempotency where ${AT}`

/** Says that whoever does it lives; answers what ends that. */
export function keepAlive(db: Queryable, once: Once, onError: (error: unknown) => void): () => void {
  const timer = setInterval(
    () => {
      db.query(RENEW, [...placeOf(once), LEASE]).catch(onError)
    },
    (LEASE / 4) * 1_000,
  )
  return () => clearInterval(timer)
}

const RENEW = `
update orchestra.idempotency set lease_until = now() + $4 * interval '1 second' where ${AT} and ended_at is null`

/** Keeps an answer; null for one that told a secret. */
export async function endOnce(db: Queryable, once: Once, answer: KeptAnswer | null): Promise<void> {
  await db.query(`update orchestra.idempotency set ended_at = now(), answer = $4 where ${AT}`, [
    ...placeOf(once),
    answer === null ? null : JSON.stringify(answer),
  ])
}

/** Nothing came of it, so it may be tried again under the same key. */
export async function forgetOnce(db: Queryable, once: Once): Promise<void> {
  await db.query(`delete from orchestra.idempotency where ${AT}`, placeOf(once))
}

/** Nobody knows what came of it. */
export async function loseOnce(db: Queryable, once: Once): Promise<void> {
  await db.query(`update orchestra.idempotency set lease_until = now() where ${AT}`, placeOf(once))
}

export async function cleanOnce(db: Queryable): Promise<void> {
  await db.query(`delete from orchestra.idempotency where created_at < now() - $1 * interval '1 hour'`, [
    KEPT_HOURS,
  ])
}

function placeOf({ askerKey, route, key }: Once): unknown[] {
  return [askerKey, route, createHash('sha256').update(key).digest()]
}

const derive = promisify<string, string, number, Buffer>(scrypt)

/** A password must cost as much to guess by this as by what is kept of itself. */
async function digestOf({ askerKey, route, key, asked, secret }: Once): Promise<Buffer> {
  const digest = createHmac('sha256', key).update(asked).digest()
  return secret ? derive(digest.toString('hex'), `${askerKey} ${route} ${key}`, digest.length) : digest
}

function reused(): OrchestraError {
  return new OrchestraError('ORC_IDEMPOTENCY_REUSED', 'Something else was asked for under this key', {
    hint: 'Send another Idempotency-Key for what is not the same',
  })
}

function busy(): OrchestraError {
  return new OrchestraError('ORC_IDEMPOTENCY_BUSY', 'What was asked for under this key is being done', {
    hint: 'Send the same again a little later',
  })
}

function lost(): OrchestraError {
  return new OrchestraError(
    'ORC_IDEMPOTENCY_LOST',
    'Whoever did what was asked for under this key was lost: it may have been done or not',
    { hint: 'Look whether it was done, and ask under another key if it was not' },
  )
}

function toldOnce(): OrchestraError {
  return new OrchestraError(
    'ORC_IDEMPOTENCY_SECRET',
    'It was done under this key, and its answer told a secret, which is kept nowhere',
    { hint: 'If the answer was lost, remove what was made, and make another under another key' },
  )
}

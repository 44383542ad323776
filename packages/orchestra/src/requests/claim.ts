import type { Queryable } from '../store/index.ts'
import { KEPT_HOURS, LONGEST_RESULT, type RequestedWork, type RequestFailure } from './request.ts'

/** Seconds that a request is one worker's before others take it for lost. */
const LEASE = 15
/** Workers that may be lost over one request. */
const MOST_ATTEMPTS = 3

/** Rings for all who wait for an end. */
const RING = `select pg_notify('orchestra_settled', '')`

export interface ClaimedRequest extends RequestedWork {
  repeatable: boolean
}

/** Takes the next request: of those who have fewest at work, so that nobody's many keep others waiting. */
export async function claimRequest(db: Queryable, owner: string): Promise<ClaimedRequest | undefined> {
  const [row] = await db.query<ClaimedRequest & { input: string }>(CLAIM, [owner, LEASE])
  return row === undefined ? undefined : { ...row, input: JSON.parse(row.input) }
}

const CLAIM = `
update orchestra.request set state = 'running', owner = $1, lease_until = now() + $2 * interval '1 second',
  attempt = attempt + 1, started_at = now(), progress = null, notes = '[]'
where id = (
  select r.id from orchestra.request r
  where r.state = 'waiting' and r.expires_at > now()
  order by (select count(*) from orchestra.request o where o.state = 'running' and o.asker_key = r.asker_key), r.id
  limit 1 for update skip locked)
returning id, verb, input, agrees, asker, repeatable, versions`

export interface KeptRequest {
  id: number
  cancelled: boolean
}

/** Keeps what one worker is at; what is not answered is no more its. */
export function renewRequests(db: Queryable, owner: string, ids: readonly number[]): Promise<KeptRequest[]> {
  return db.query<KeptRequest>(RENEW, [owner, ids, LEASE])
}

const RENEW = `
update orchestra.request set lease_until = clock_timestamp() + $3 * interval '1 second'
where id = any ($2::bigint[]) and owner = $1 and state = 'running'
returning id, cancelled_by is not null as cancelled`

/** Says that a worker does requests. */
export async function announceWorker(db: Queryable, worker: string): Promise<void> {
  await db.query('update orchestra.worker set does_requests = true where id = $1 and not does_requests', [
    worker,
  ])
}

/** What a worker says of a request while it is at it. */
export async function noteProgress(
  db: Queryable,
  owner: string,
  id: number,
  { progress, notes }: { progress: unknown; notes: readonly unknown[] },
): Promise<void> {
  await db.query(
    `update orchestra.request set progress = $3, notes = $4 where id = $1 and owner = $2 and state = 'running'`,
    [id, owner, JSON.stringify(progress ?? null), JSON.stringify(notes)],
  )
}

/** How the work of a request ended; the result is JSON. */
export type RequestOutcome =
  | { state: 'done'; result: string }
  | { state: 'failed'; error: RequestFailure }
  | { state: 'cancelled' }

/** What becomes of a request. */
export type RequestEnd =
  | RequestOutcome
  | { state: 'unknown'; error: RequestFailure }
  /** It is another worker's to do. */
  | { state: 'waiting' }

/** Records the end, unless the request is no more this worker's. */
export async function endRequest(
  db: Queryable,
  owner: string,
  id: number,
  end: RequestEnd,
  notes: readonly unknown[],
): Promise<void> {
  const told = end.state === 'done' && end.result.length > LONGEST_RESULT ? tooLarge : end
  await db.query(END, [
    id,
    owner,
    told.state,
    'result' in told ? told.result : null,
    'error' in told ? JSON.stringify(told.error) : null,
    JSON.stringify(notes),
  ])
  await db.query(RING)
}

const END = `
update orchestra.request set state = $3, result = $4, error = $5, notes = $6, owner = null, lease_until = null,
  ended_at = case when $3 <> 'waiting' then now() end
where id = $1 and owner = $2 and state = 'running'`

const tooLarge: RequestEnd = {
  state: 'failed',
  error: {
    code: 'ORC_REQUEST_TOO_LARGE',
    message: 'It was done, and its answer is too large to be kept',
    hint: 'Ask for less at once: of one server or backend, or a plan without scripts',
  },
}

/**
 * Ends what nobody will end: what was not begun in time, and what was at work in a worker that is lost. What does no harm done twice is
 * given to another worker.
 */
export async function lapseRequests(db: Queryable): Promise<void> {
  const lapsed = await db.query(LAPSE, [MOST_ATTEMPTS, ...[expired, lost, unknown].map(jsonOf)])
  if (lapsed.length > 0) await db.query(RING)
}

function jsonOf(failure: RequestFailure): string {
  return JSON.stringify(failure)
}

const expired: RequestFailure = {
  code: 'ORC_REQUEST_EXPIRED',
  message: 'No worker began it in time, so it was not done',
  hint: 'Start a worker with `orchestra up`, and ask again',
}

const lost: RequestFailure = {
  code: 'ORC_REQUEST_LOST',
  message: 'Workers were lost over it again and again',
  hint: 'See what the workers say where they run',
}

const unknown: RequestFailure = {
  code: 'ORC_REQUEST_LOST',
  message: 'Its worker was lost in the middle of it: it may have been done, in part or as a whole',
  hint: 'Look at what it was about before you ask again',
}

const LAPSE = `
with lapsed as (
  select id, state as was, repeatable, attempt, cancelled_by from orchestra.request
  where ended_at is null and (state = 'waiting' and expires_at <= now() or state = 'running' and lease_until < now())
  for update skip locked
), decided as (
  select id, case
    when was = 'waiting' then 'expired'
    when not repeatable then 'unknown'
    when cancelled_by is not null then 'cancelled'
    when attempt < $1 then 'waiting'
    else 'failed' end as state
  from lapsed
)
update orchestra.request r set state = d.state, owner = null, lease_until = null,
  ended_at = case when d.state <> 'waiting' then now() end,
  error = case d.state when 'expired' then $2::jsonb when 'failed' then $3::jsonb when 'unknown' then $4::jsonb end
from decided d where r.id = d.id
returning r.id`

/** Deletes what ended long ago. */
export async function cleanRequests(db: Queryable): Promise<void> {
  await db.query(`delete from orchestra.request where ended_at < now() - $1 * interval '1 hour'`, [
    KEPT_HOURS,
  ])
}

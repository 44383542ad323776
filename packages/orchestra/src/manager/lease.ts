import { hostname } from 'node:os'
import type { Backoff } from '../config/config.ts'
import { tell } from '../events/index.ts'
import { HAS_A_SAY } from '../generation/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import type { Outcome } from '../operations/outcome.ts'
import { often, type Queryable, storable } from '../store/index.ts'
import { type Claim, hasWork, LEASE_SECONDS, type Taking } from './claim.ts'

/** What somebody wants to be stopped in a running script. */
export interface Cancellation {
  logId: number
  by: string
  /** The rest of the script is done again. */
  operationIds: readonly number[]
}

export interface Renewal {
  kept: number[]
  cancelled: Cancellation[]
  /** Whether it was silent for so long that it had no say. */
  wasSilent: boolean
}

/** What a worker says of itself. */
export interface Presence {
  keyIds: readonly string[] | null
  /** Number of its configuration. */
  generation: number | null
  /** Why it takes nothing any more. */
  halted: string | null
}

/**
 * Keeps this worker's lanes; answers the servers whose lane it still has, and the logs that somebody wants cancelled. A lane that
 * somebody else has locked is nobody's but its owner's meanwhile, and holds up no other: it is renewed the next time.
 */
export async function renewLeases(
  db: Queryable,
  owner: string,
  serverIds: readonly number[],
  { keyIds, generation, halted }: Presence = { keyIds: null, generation: null, halted: null },
): Promise<Renewal> {
  const rows = await db.query<Renewal>(RENEW, [
    owner,
    serverIds,
    hostname(),
    process.pid,
    keyIds,
    generation,
    halted,
  ])
  return rows[0] ?? { kept: [], cancelled: [], wasSilent: false }
}

/** By the clock, and not by the beginning of a statement that may have waited: a lease that begins in the past is none. */
const RENEW = `
with seen as (
  insert into orchestra.worker (id, host, pid, key_ids, generation, halted) values ($1, $3, $4, $5, $6, $7)
  on conflict (id) do update set seen_at = clock_timestamp(), key_ids = excluded.key_ids, generation = excluded.generation,
    halted = excluded.halted
), own as (
  select server_id from orchestra.lane
  where owner = $1 and server_id = any($2::int[]) and expires_at > '-infinity'
), free as (
  select lane.server_id from orchestra.lane join own using (server_id)
  where lane.owner = $1 and lane.expires_at > '-infinity' for update of lane skip locked
), renewed as (
  update orchestra.lane set expires_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
  from free where lane.server_id = free.server_id
)
select coalesce((select array_agg(server_id) from own), '{}') as kept,
  coalesce((select jsonb_agg(jsonb_build_object('logId', g.id, 'by', g.cancel_by, 'operationIds', (
    select coalesce(jsonb_agg(o.id), '[]') from orchestra.log_operation p
    join orchestra.operation o on o.id = p.operation_id
    where p.log_id = g.id and o.state = 'running' and o.outcome = 'aborted')))
    from orchestra.log g join own using (server_id)
    where g.ended_at is null and g.cancel_by is not null), '[]') as cancelled,
  not exists (select from orchestra.worker where id = $1 and ${HAS_A_SAY}) as "wasSilent"`

/**
 * Gives the lane up, with the runs whose journals its server still keeps, and answers whether there is more for this worker to do
 * there. Its owner stays written there: while nobody else had the lane in between, the fence need not rise, and a rising fence costs
 * each script a process on the server.
 */
export async function releaseLane(
  db: Queryable,
  claim: Claim,
  journals: readonly string[] | null = null,
  { backends, foreign }: Pick<Taking, 'backends' | 'foreign'> = { backends: [], foreign: [] },
): Promise<boolean> {
  const [released] = await db.query<{ more: boolean }>(often(RELEASE), [
    claim.server.id,
    claim.owner,
    claim.fence,
    journals,
    claim.generation,
    backends,
    foreign,
  ])
  return released?.more === true
}

const RELEASE = `
update orchestra.lane l set expires_at = '-infinity', journals = coalesce($4::uuid[], l.journals), left_by = $5,
  left_at = clock_timestamp()
where l.server_id = $1 and l.owner = $2 and l.fence = $3
returning (${hasWork('$6', '$7')}) as more`

/**
 * Lets the lane rest because its server cannot be worked on; everything there waits, nothing is lost. Without an owner, so
 * that the next claim raises the fence.
 */
export async function blockLane(
  db: Queryable,
  claim: Claim,
  outcome: Outcome,
  reason: string,
  backoff: Backoff,
): Promise<void> {
  const delay = delayAfter(claim.laneAttempt + 1, backoff)
  await db.query(
    `with blocked as (
       update orchestra.lane l set attempt = l.attempt + 1, due_at = clock_timestamp() + $4 * interval '1 ms', blocked_outcome = $5,
         blocked_reason = $6, blocked_since = coalesce(l.blocked_since, clock_timestamp()), expires_at = '-infinity', owner = null
       from orchestra.lane before
       where l.server_id = $1 and l.owner = $2 and l.fence = $3 and before.server_id = l.server_id
       returning l.server_id, before.blocked_outcome, before.blocked_reason
     )
     ${tell(
       'server-blocked',
       { server: 'server_id' },
       'blocked where (blocked_outcome, blocked_reason) is distinct from ($5::text, $6::text)',
     )}`,
    [claim.server.id, claim.owner, claim.fence, delay, outcome, storable(reason)],
  )
}

/** The server answered: what blocked the lane is over. */
export async function unblockLane(db: Queryable, claim: Claim): Promise<void> {
  await db.query(
    `with answering as (
       update orchestra.lane set attempt = 0, due_at = '-infinity', blocked_outcome = null, blocked_reason = null,
         blocked_since = null
       where server_id = $1 and owner = $2 and fence = $3 returning server_id
     )
     ${tell('server-answers', { server: 'server_id' }, 'answering')}`,
    [claim.server.id, claim.owner, claim.fence],
  )
}

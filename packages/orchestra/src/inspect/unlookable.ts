import { inspectionsEnded } from '../events/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { endInspectedSync, lockSync } from '../sync/index.ts'

/** Tries in a row that a server may leave unanswered before it is passed by. */
const MOST_UNANSWERED = 3
/** Minutes after which a synchronization of which nothing moves ends without what is left. */
const MOST_MINUTES = 10

/**
 * Ends inspections of servers that cannot be looked at, each with its reason, and the synchronizations that wait for nothing else: one
 * dead server must not keep what was found on all others from being told. Answers how many were ended.
 */
export async function endUnlookable(store: Store): Promise<number> {
  const syncs = await store.query<{ id: number }>(UNLOOKABLE_SYNCS)
  for (const { id } of syncs) await store.transaction((tx) => passBy(tx, id))
  return syncs.length
}

async function passBy(tx: Queryable, syncId: number): Promise<void> {
  await lockSync(tx, syncId)
  await tx.query(END_UNLOOKABLE, [syncId])
  await endInspectedSync(tx, syncId)
}

/** Ends what was still to be looked at on a server that is gone. Runs inside a transaction. */
export async function endInspectionsOf(tx: Queryable, serverId: number, reason: string): Promise<void> {
  const syncs = await tx.query<{ id: number }>(
    `select y.id from orchestra.sync y where y.ended_at is null and exists (
       select from orchestra.inspection i where i.sync_id = y.id and i.server_id = $1 and i.ended_at is null)
     order by y.id for update`,
    [serverId],
  )
  await tx.query(
    `with ended as (
       update orchestra.inspection set state = 'failed', error = $2, ended_at = now()
       where server_id = $1 and ended_at is null returning id, server_id, state
     )
     ${inspectionsEnded('ended')}`,
    [serverId, reason],
  )
  for (const { id } of syncs) await endInspectedSync(tx, id)
}

const BECAUSE = (reason: string) => `coalesce(': ' || nullif(${reason}, ''), '')`

/** Why a server cannot be looked at, or null. That nothing moves is said of a whole synchronization: many servers share few slots. */
const WHY = `case
  when s.removed_at is not null then 'its server was removed'
  when pause.value is not null
    then 'everything is paused by ' || (pause.value ->> 'by') || ${BECAUSE("pause.value ->> 'reason'")}
  when s.held_at is not null then 'it is held by ' || coalesce(s.held_by, '?') || ${BECAUSE('s.held_reason')}
  when l.blocked_since is not null and l.attempt >= ${MOST_UNANSWERED}
    then 'it does not answer: ' || coalesce(l.blocked_reason, '?')
  when (select max(any_of.moved_at) from orchestra.inspection any_of where any_of.sync_id = i.sync_id)
    < now() - interval '${MOST_MINUTES} minutes'
    then 'nothing of it could be looked at for ${MOST_MINUTES} minutes' || ${BECAUSE('i.error')}
end`

const OPEN = `
  orchestra.inspection i join orchestra.server s on s.id = i.server_id
  left join orchestra.lane l on l.server_id = i.server_id
  left join orchestra.setting pause on pause.name = 'paused'`

const UNLOOKABLE_SYNCS = `
select y.id from orchestra.sync y
where y.ended_at is null and y.state = 'inspecting' and (
  not exists (select from orchestra.inspection i where i.sync_id = y.id and i.ended_at is null)
  or exists (select from ${OPEN} where i.sync_id = y.id and i.ended_at is null and ${WHY} is not null))
order by y.id`

const END_UNLOOKABLE = `
with ended as (
  update orchestra.inspection open set state = 'failed', error = why.reason, ended_at = now()
  from (select i.id, ${WHY} as reason from ${OPEN} where i.sync_id = $1 and i.ended_at is null) why
  where open.id = why.id and why.reason is not null returning open.id, open.server_id, open.state
)
${inspectionsEnded('ended')}`

import { auditHead } from '../audit/index.ts'
import { isoTime } from '../logs/iso-time.ts'
import type { Queryable, Store } from '../store/index.ts'
import type { Message, ToldStep } from './message.ts'

/** Steps of incidents that one transaction hands on: so many stand in one message at most. */
const BATCH = 200

/** Makes what happened to incidents what each channel is to be told. What is muted is told nobody. */
export async function handOn(store: Store): Promise<void> {
  while ((await store.transaction(handOnSome)) === BATCH);
}

async function handOnSome(tx: Queryable): Promise<number> {
  const taken = await tx.query<{ step: ToldStep; muted: boolean }>(TAKE, [BATCH])
  const steps = taken.filter(({ muted }) => !muted).map(({ step }) => step)
  if (steps.length > 0) {
    const { text } = await auditHead(tx)
    const message: Message = {
      type: 'incidents',
      timestamp: new Date().toISOString(),
      data: { steps, auditHead: text },
    }
    await tx.query(JOIN, [JSON.stringify(steps), text])
    await tx.query(DELIVER, [JSON.stringify(message)])
  }
  return taken.length
}

const TAKE = `
with taken as (
  update orchestra.incident_step set handed = true where id in (
    select id from orchestra.incident_step where not handed order by id limit $1 for update skip locked)
  returning *
)
select taken.muted, json_build_object('kind', taken.kind, 'at', ${isoTime('taken.at')}, 'objects', taken.objects,
  'incident', json_build_object('id', i.id, 'state', i.state, 'server', server.name, 'backend', i.backend,
    'outcome', i.outcome, 'error', i.error, 'samples', i.samples, 'openedAt', ${isoTime('i.opened_at')}, 'log', i.log_id)) as step
from taken join orchestra.incident i on i.id = taken.incident_id
left join orchestra.server on server.id = i.server_id
order by taken.id`

/** Messages that a channel gets within a minute; what happens beyond is told together when that is over. */
const MOST_A_MINUTE = 6
/** Steps that one message tells; of more it tells how many. */
const MOST_STEPS = 500

/** Joins what was not tried yet and waits for its time: of a digest, or of a channel that was told much already. */
const JOIN = `
update orchestra.delivery d set message = jsonb_set(case
    when jsonb_array_length(d.message #> '{data,steps}') + jsonb_array_length($1::jsonb) <= ${MOST_STEPS}
      then jsonb_set(d.message, '{data,steps}', d.message #> '{data,steps}' || $1::jsonb)
    else jsonb_set(d.message, '{data,more}', to_jsonb(
      coalesce((d.message #>> '{data,more}')::int, 0) + jsonb_array_length($1::jsonb)))
  end, '{data,auditHead}', to_jsonb($2::text))
from orchestra.channel c where c.id = d.channel_id and ${joins('c', 'd')}`

const DELIVER = `
insert into orchestra.delivery (channel_id, message, due_at)
select c.id, $1, greatest(now() + coalesce(c.digest_seconds, 0) * interval '1 second', (
    select d.created_at + interval '1 minute' from orchestra.delivery d where d.channel_id = c.id
    order by d.id desc offset ${MOST_A_MINUTE - 1} limit 1))
from orchestra.channel c
where c.heartbeat_seconds is null and not exists (select from orchestra.delivery d where d.channel_id = c.id and ${joins('c', 'd')})`

function joins(channel: string, delivery: string): string {
  return `${delivery}.state = 'waiting' and ${delivery}.attempt = 0 and ${delivery}.message ->> 'type' = 'incidents'
    and (${channel}.digest_seconds is not null or ${delivery}.due_at > now())`
}

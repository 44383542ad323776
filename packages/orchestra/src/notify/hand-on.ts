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
    await tx.query(DIGEST, [JSON.stringify(steps), text])
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

/** Joins what a digest that was not tried yet tells already. */
const DIGEST = `
update orchestra.delivery d set message = jsonb_set(jsonb_set(message, '{data,steps}', message #> '{data,steps}' || $1::jsonb),
  '{data,auditHead}', to_jsonb($2::text))
from orchestra.channel c
where c.id = d.channel_id and c.digest_seconds is not null and d.state = 'waiting' and d.attempt = 0
  and d.message ->> 'type' = 'incidents'`

const DELIVER = `
insert into orchestra.delivery (channel_id, message, due_at)
select c.id, $1, now() + coalesce(c.digest_seconds, 0) * interval '1 second' from orchestra.channel c
where c.heartbeat_seconds is null and not (c.digest_seconds is not null and exists (
  select from orchestra.delivery d where d.channel_id = c.id and d.state = 'waiting' and d.attempt = 0
    and d.message ->> 'type' = 'incidents'))`

import type { Queryable } from '../store/index.ts'
import { type Failing, keyOf, type Merged, type Symptom, symptomsOf } from './symptom.ts'

export interface Symptoms {
  symptoms: Symptom[]
  /** Servers that are blocked: nothing is known of what failed there before. */
  blocked: Set<number>
}

/** More are not looked into: their causes are among these, or will be. */
const MOST_READ = 5_000

/** What is wrong now. Of a server that is blocked it is that alone. */
export async function readSymptoms(db: Queryable): Promise<Symptoms> {
  const blocked = await db.query<Failing>(BLOCKED)
  const failing = await readFailing(db)
  return {
    symptoms: symptomsOf([...blocked, ...failing], await readMerged(db)),
    blocked: new Set(blocked.flatMap(({ serverId }) => serverId ?? [])),
  }
}

/** Objects that fail now for the cause of an incident, or for one that was merged into it. */
export async function objectsFailing(db: Queryable, id: number): Promise<string[]> {
  const rows = await db.query<{ key: string }>(
    'select key from orchestra.incident where id = $1 or merged_into = $1',
    [id],
  )
  const keys = new Set(rows.map(({ key }) => key))
  const failing = await readFailing(db)
  return [...new Set(failing.filter((one) => keys.has(keyOf(one))).map(({ object }) => object))]
}

async function readFailing(db: Queryable): Promise<Failing[]> {
  const operations = await db.query<Failing>(FAILING, [MOST_READ])
  return [...operations, ...(await db.query<Failing>(TRANSFERS, [MOST_READ]))]
}

async function readMerged(db: Queryable): Promise<Merged> {
  const rows = await db.query<{ key: string; into: string }>(
    `select one.key, other.key as into from orchestra.incident one
     join orchestra.incident other on other.id = one.merged_into`,
  )
  return new Map(rows.map(({ key, into }) => [key, into]))
}

const BLOCKED = `
select lane.server_id as "serverId", null as backend, lane.blocked_outcome as outcome, lane.blocked_reason as error,
  '' as object, null as identity, null as "logId", lane.blocked_since as at
from orchestra.lane join orchestra.server on server.id = lane.server_id
where lane.blocked_since is not null and server.removed_at is null`

/** While it is tried again it is no better. A removal that a protection refuses is somebody's decision. */
const FAILING = `
select o.server_id as "serverId", o.backend, coalesce(o.outcome, 'failure') as outcome, o.error,
  o.model || ':' || o.object_key as object, coalesce(o.identity, p.identity) as identity, o.log_id as "logId",
  coalesce(o.started_at, o.created_at) as at
from orchestra.operation o
left join orchestra.lane on lane.server_id = o.server_id
left join orchestra.placement p on p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
  and p.server_id = o.server_id
where o.state in ('waiting', 'running') and lane.blocked_since is null
  and (o.outcome in ('failure', 'timeout')
    or (o.server_id is null and o.error is not null and not (o.action = 'delete' and o.backend is not null)))
order by o.id limit $1`

const TRANSFERS = `
select t.to_server as "serverId", t.backend, 'transfer' as outcome, t.error, t.model || ':' || t.object_key as object,
  null as identity, null as "logId", now() as at
from orchestra.transfer t
where t.ended_at is null and t.error is not null
  and not exists (select from orchestra.lane where server_id in (t.from_server, t.to_server) and blocked_since is not null)
order by t.id limit $1`

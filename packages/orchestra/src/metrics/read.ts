import { TALLY } from '../operations/tally.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import { changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import type { BackendFacts, Facts, Metric } from './metric.ts'
import { metricsOf } from './metrics.ts'

/** Everything that is watched, as it is now. Counts nothing that grows: tallies and the first of each lane. */
export async function readMetrics(
  db: Queryable,
  /** What is known elsewhere, and by what the configuration says. */
  beside: Pick<Facts, 'waitingApprovals'>,
): Promise<Metric[]> {
  const oldest = await changesIn(db).oldest()
  const [row] = await db.query<
    Omit<Facts, 'backends' | 'outcomes' | 'captureLag' | 'waitingApprovals'> & { now: Date }
  >(FACTS)
  if (row === undefined) throw new Error('no facts')
  const { now, ...facts } = row
  return metricsOf({
    ...facts,
    ...beside,
    captureLag: oldest === null ? 0 : Math.max(0, (now.getTime() - oldest.getTime()) / 1_000),
    backends: await db.query<BackendFacts>(BACKENDS),
    outcomes: await db.query<Facts['outcomes'][number]>(OUTCOMES),
  })
}

const seconds = (since: string) =>
  `coalesce(greatest(0, extract(epoch from now() - min(${since}))), 0)::double precision`

/** The first of a lane that waits is what waits longest there; what its route holds back waits for a person, as all of a held server does. */
const FACTS = `
select now(),
  (select count(*) from orchestra.worker where ${WORKER_ALIVE}) as workers,
  exists (select from orchestra.setting where name = 'paused' and value <> 'null') as paused,
  servers.*,
  (select count(*) from orchestra.operation where state = 'waiting' and server_id is null) as undecided,
  (select count(*) from orchestra.incident where state = 'open' and coalesce(muted_until < now(), true)) as "openIncidents",
  (select count(*) from orchestra.sync where ended_at is null) as "openSyncs",
  (select count(*) from orchestra.transfer where ended_at is null) as "openTransfers",
  (select ${seconds('first.created_at')}
    from orchestra.server left join orchestra.lane on lane.server_id = server.id
    cross join lateral (
      select created_at from orchestra.operation o
      where o.server_id = server.id and o.state = 'waiting' and not o.held order by o.id limit 1
    ) as first
    where server.removed_at is null and server.held_at is null and lane.blocked_since is null) as "oldestWait",
  (select ${seconds('coalesce(started_at, created_at)')} from orchestra.log where ended_at is null) as "laneAge"
from (
  select count(*) as servers, count(*) filter (where lane.blocked_since is not null) as blocked,
    count(*) filter (where server.held_at is not null) as held,
    count(*) filter (where server.presented_key is distinct from server.host_key and server.presented_key is not null)
      as "unapprovedKeys"
  from orchestra.server left join orchestra.lane on lane.server_id = server.id where server.removed_at is null
) as servers`

const BACKENDS = `
select backend, sum(waiting)::bigint as waiting, sum(running)::bigint as running, sum(failing)::bigint as failing,
  sum(placed)::bigint as placed, sum(stale)::bigint as stale
from ${TALLY} as tally where backend <> '' group by backend order by backend`

const OUTCOMES = 'select backend, outcome, operations from orchestra.outcome_total order by backend, outcome'

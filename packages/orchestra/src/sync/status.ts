import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { isOfUnit } from '../operations/of-unit.ts'
import { addCounts, type Counts, noCounts, type SyncMode, type SyncState } from '../request/sync.ts'
import { changesIn } from '../source/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'

/** How far the look at one backend on one server has come. */
export interface InspectionStatus {
  server: string
  backend: string
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  /** Objects to look at, and looked at. */
  total: number
  seen: number
  counts: Readonly<Record<string, number>>
  error: string | null
}

/** What became of the operations that a synchronization recorded. */
export interface SyncWork {
  waiting: number
  running: number
  /** Of those that wait: they failed and are tried again. */
  failing: number
  /** Of those that wait: they wait for a person, a server, or other operations. */
  stuck: number
  done: number
}

export interface SyncStatus {
  id: number
  mode: SyncMode
  state: SyncState
  server: string | null
  backend: string | null
  /** `model:key`, or null. */
  object: string | null
  actor: string | null
  source: string
  unitId: string
  counts: Counts
  work: SyncWork
  inspections: InspectionStatus[]
  /** Why it stopped or failed. */
  error: string | null
  createdAt: string
  endedAt: string | null
}

/**
 * Where a synchronization stands.
 * @throws OrchestraError ORC_SYNC_UNKNOWN
 */
export async function syncStatus(db: Queryable, id: number, visible?: Narrowing): Promise<SyncStatus> {
  const values: unknown[] = [id]
  const seen = narrowed(visible, 'sync', 'sync', values)
  const [row] = await db.query<Omit<SyncStatus, 'work' | 'inspections'>>(`${SYNC} and ${seen}`, values)
  if (row === undefined) {
    throw new OrchestraError('ORC_SYNC_UNKNOWN', `There is no synchronization ${id}`, {
      hint: '`orchestra sync` starts one and tells its number',
    })
  }
  return {
    ...row,
    counts: addCounts(noCounts, row.counts),
    work: await workOf(db, row.unitId),
    inspections: await db.query<InspectionStatus>(INSPECTIONS, [id]),
  }
}

const noWork: SyncWork = { waiting: 0, running: 0, failing: 0, stuck: 0, done: 0 }

/** What became of the operations of one unit, in numbers; what is not collected yet waits as well. */
export async function workOf(db: Queryable, unitId: string, visible?: Narrowing): Promise<SyncWork> {
  const values: unknown[] = [unitId]
  const seen = narrowed(visible, 'operation', 'o', values)
  const [work = noWork] = await db.query<SyncWork>(`${WORK} and ${seen}`, values)
  // Of what is not collected nobody can tell where it belongs.
  if (visible !== undefined) return work
  const asked = await changesIn(db).unit(unitId)
  return {
    ...work,
    waiting: work.waiting + (asked?.keys ?? 0),
    failing: work.failing + (asked?.failing ?? 0),
  }
}

/** Nothing of it goes on by itself soon. */
export function isStill({ waiting, running, failing, stuck }: SyncWork): boolean {
  return running === 0 && waiting <= failing + stuck
}

/** Nothing of it goes on by itself soon: it has ended, and what it recorded has ended, has failed once, or is stuck. */
export function isSettled({ state, work }: SyncStatus): boolean {
  const goesOn = state === 'comparing' || state === 'inspecting'
  return !goesOn && isStill(work)
}

/** Something of it stopped, failed, or waits for somebody. */
export function isUnfinished({ state, work, counts, inspections }: SyncStatus): boolean {
  return (
    state !== 'done' ||
    counts.invalid + work.waiting + work.running > 0 ||
    inspections.some((one) => one.state !== 'done')
  )
}

const SYNC = `
select sync.id, sync.mode, sync.state, server.name as server, sync.backend,
  sync.model || coalesce(':' || sync.object_key, '') as object, sync.actor, sync.source, sync.unit_id as "unitId",
  sync.counts, sync.error, ${isoTime('sync.created_at')} as "createdAt", ${isoTime('sync.ended_at')} as "endedAt"
from orchestra.sync left join orchestra.server on server.id = sync.server_id where sync.id = $1`

const INSPECTIONS = `
select server.name as server, inspection.backend, inspection.state, inspection.total, inspection.seen, inspection.counts,
  inspection.error
from orchestra.inspection join orchestra.server on server.id = inspection.server_id
where inspection.sync_id = $1 order by server.name, inspection.backend`

const WORK = `
select count(*) filter (where o.state = 'waiting') as waiting,
  count(*) filter (where o.state = 'running') as running,
  count(*) filter (where o.state = 'waiting' and o.outcome in ('failure', 'timeout')) as failing,
  count(*) filter (where o.state = 'waiting' and o.outcome is distinct from 'failure' and o.outcome is distinct from 'timeout'
    and (o.held or s.held_at is not null or l.blocked_since is not null
      or exists (select from orchestra.setting where name = 'paused') or exists (
        select from orchestra.placement p where p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
          and p.server_id = o.server_id and case when o.action in ('save', 'delete')
            then p.operation_id = o.id and p.wait is not null
            -- An action of its own is done once what it is done to stands as it is wanted.
            else p.open and p.attempt > 0 end))) as stuck,
  count(*) filter (where o.state in ('done', 'superseded')) as done
from orchestra.operation o
left join orchestra.server s on s.id = o.server_id left join orchestra.lane l on l.server_id = o.server_id
where ${isOfUnit('o', '$1::uuid')}`

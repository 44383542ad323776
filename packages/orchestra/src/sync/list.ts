import { isoTime } from '../logs/index.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  named,
  oneOf,
  patterned,
  queryWith,
  seenRows,
  serverNamed,
  textIn,
} from '../query/index.ts'
import type { SyncMode, SyncState } from '../request/sync.ts'
import type { Queryable } from '../store/index.ts'

/** A synchronization that somebody should know of. Times are ISO 8601. */
export interface SyncView {
  id: number
  mode: SyncMode
  state: SyncState
  /** What it is about; null is everything. */
  server: string | null
  backend: string | null
  /** `model:key`, or the name of a model. */
  object: string | null
  actor: string | null
  source: string
  /** Why it stopped or failed. */
  error: string | null
  /** Since when it stands so. */
  since: string
}

export interface SyncSearch extends Narrowed {
  /** Default 100. */
  limit?: number | undefined
  /** Number of the last one of the page before. */
  after?: number | undefined
}

/**
 * Synchronizations that are open, and the last of each selection that a guard stopped or that failed, until one of the same or of
 * more is done. The oldest first.
 */
export function listSyncs(db: Queryable, search: SyncSearch = {}): Promise<SyncView[]> {
  const { limit = 100, after = 0 } = search
  const behind: Condition = (parameter) => `sync.id > ${parameter(after)}`
  return queryWith<SyncView>(
    db,
    (parameter, all) => `
select sync.id, sync.mode, sync.state, server.name as server, sync.backend,
  sync.model || coalesce(':' || sync.object_key, '') as object, sync.actor, sync.source, sync.error,
  ${isoTime('coalesce(sync.ended_at, sync.created_at)')} as since
from ${TABLES} where ${all([behind, ...conditionsOf(search)])}
order by sync.id limit ${parameter(limit)}`,
  )
}

/** How many of them there are. */
export function countSyncs(db: Queryable, search: SyncSearch): Promise<Counted> {
  return countRows(db, TABLES, conditionsOf(search))
}

function conditionsOf(search: SyncSearch): Condition[] {
  return [() => IS_TOLD, seenRows(search, 'sync', 'sync'), ...(search.where ?? [])]
}

/** The last time that something asked for it. */
export interface SyncRun extends Pick<SyncView, 'id' | 'state' | 'error'> {
  /** When it was asked for, ISO 8601. */
  at: string
}

export async function lastOfSource(db: Queryable, source: string): Promise<SyncRun | undefined> {
  const [last] = await db.query<SyncRun>(
    `select id, state, error, ${isoTime('created_at')} as at from orchestra.sync where source = $1 order by id desc limit 1`,
    [source],
  )
  return last
}

/** One that only compares says nothing of what a server has, and a check nothing of what is to be done there. */
const IS_NO_LESS = `later.id > sync.id and (later.mode = 'sync' or sync.mode = 'check') and (later.inspects or not sync.inspects)`

const IS_OF_THE_SAME = `later.mode = sync.mode and later.inspects = sync.inspects
    and later.server_id is not distinct from sync.server_id and later.backend is not distinct from sync.backend
    and later.model is not distinct from sync.model and later.object_key is not distinct from sync.object_key`

const COVERS = `(later.server_id is null or later.server_id = sync.server_id)
    and (later.backend is null or later.backend = sync.backend)
    and (later.model is null or later.model = sync.model)
    and (later.object_key is null or later.object_key = sync.object_key)`

const TABLES = 'orchestra.sync left join orchestra.server on server.id = sync.server_id'

/** The order makes the planner go up the index from the synchronization on, and not through the table. */
const IS_TOLD = `sync.state in ('comparing', 'inspecting', 'stopped', 'failed') and (sync.ended_at is null
  or (select true from orchestra.sync later where later.state = 'done' and ${IS_NO_LESS} and ${COVERS}
    order by later.id limit 1) is null
  and not exists (select from orchestra.sync later where later.id > sync.id and later.state in ('stopped', 'failed')
    and ${IS_OF_THE_SAME}))`

/** What a list of synchronizations can be narrowed by. */
export const syncFilters: Filters = {
  by: {
    server: serverNamed('sync.server_id'),
    backend: named('sync.backend', 'A backend'),
    model: named('sync.model', 'A model'),
    object: named(`(sync.model || ':' || sync.object_key)`, 'An object, such as `object:site:12`'),
    mode: oneOf('sync.mode', ['sync', 'check'], 'Whether it changes something'),
    state: oneOf('sync.state', ['comparing', 'inspecting', 'stopped', 'failed'], 'How it stands'),
    actor: patterned('sync.actor', 'Who asked for it'),
    source: patterned('sync.source', 'What asked for it: `schedule:NAME`, `cli`, `http`'),
    is: choice({ open: 'sync.ended_at is null', ended: 'sync.ended_at is not null' }, 'Whether it has ended'),
    since: moment('sync.created_at', 'since'),
    until: moment('sync.created_at', 'until'),
  },
  text: { about: 'What stands in the error', where: textIn('sync.error') },
}

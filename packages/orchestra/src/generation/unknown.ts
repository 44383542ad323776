import type { Queryable } from '../store/index.ts'
import { HAS_A_SAY } from './living.ts'

/** Who had a backend or a model last. */
export interface LastKnown {
  host: string
  generation: number
}

/** Work that waits because no worker that lives has what it needs in its configuration. */
export interface UnknownWork {
  what: 'backend' | 'model'
  name: string
  /** Operations of a backend, objects of a model. */
  count: number
  /** Null when no configuration is known that had it. */
  last: LastKnown | null
}

/** Workers of an earlier release say nothing of what they have: as long as one lives, nothing is said to be unknown. */
const ALL_TELL = `exists (select from orchestra.worker where ${HAS_A_SAY})
  and not exists (select from orchestra.worker where ${HAS_A_SAY} and generation is null)`

function isKnown(condition: string): string {
  return `exists (select from orchestra.generation g join orchestra.worker w on w.generation = g.number
    where ${HAS_A_SAY.replaceAll('seen_at', 'w.seen_at')} and ${condition})`
}

function lastKnown(condition: string): string {
  return `(select json_build_object('host', g.host, 'generation', g.number) from orchestra.generation g
    where ${condition} order by g.seen_at desc limit 1)`
}

/** SQL that is true when no worker that lives has a backend. */
export function isBackendUnknown(backend: string): string {
  return `${backend} is not null and ${ALL_TELL} and not ${isKnown(`g.backends ? ${backend}`)}`
}

/** SQL for the `LastKnown` of a backend. */
export function backendLastKnown(backend: string): string {
  return lastKnown(`g.backends ? ${backend}`)
}

/** Said of one of them; what there is to be done follows. */
export function unknownText(what: UnknownWork['what'], name: string, last: LastKnown | null): string {
  const known = last === null ? '' : ` (last known by host ${last.host}, generation ${last.generation})`
  return `a worker whose configuration has ${what} "${name}"${known}`
}

/** @param waiting by model, the objects of which committed changes wait */
export function unknownWork(
  db: Queryable,
  waiting: readonly { model: string; keys: number }[],
): Promise<UnknownWork[]> {
  return db.query<UnknownWork>(UNKNOWN, [waiting.map(({ model }) => model), waiting.map(({ keys }) => keys)])
}

const UNKNOWN = `
select 'backend' as what, name, count, ${backendLastKnown('name')} as last from (
  select backend as name, count(*) as count from orchestra.operation
  where state = 'waiting' and server_id is not null group by backend
) waiting where ${isBackendUnknown('name')}
union all
select 'model', name, count, ${lastKnown('waiting.name = any(g.models)')}
from unnest($1::text[], $2::bigint[]) as waiting(name, count) where ${ALL_TELL} and not ${isKnown('waiting.name = any(g.models)')}
order by 1, 2`

import type { Condition } from '../query/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { type FindingState, findingHolds } from './findings.ts'
import type { Difference } from './judge.ts'

/** What findings are about. */
export interface CauseFilter {
  server?: string | undefined
  backend?: string | undefined
  /** `model:key`. */
  object?: string | undefined
  cause?: string | undefined
  /** All of them have to hold. */
  where?: readonly Condition[] | undefined
  /** Those alone that somebody may see. */
  visible?: Narrowing | undefined
}

/** Findings that differ in the same: likely one hand made them so. */
export interface DriftCause {
  /** What `drift repair` takes. */
  cause: string
  backend: string
  state: FindingState
  count: number
  /** The first of what differs by name: objects, or what no object stands for. */
  objects: string[]
  /** The first of their servers by name, and how many there are. */
  servers: string[]
  serverCount: number
  /** When the first of them was found so. */
  since: string
  /** What differs, of the first of them. */
  differences: readonly Difference[]
}

/** What stands for many: so many are named. */
export const MOST_NAMED = 10

/** SQL for the cause of a finding `f`: where its worker told none, only what differs to the letter is one. */
const CAUSE = `coalesce(f.detail ->> 'cause',
  left(md5(f.backend || ' ' || f.state || ' ' || coalesce(f.detail ->> 'differences', '')), 16))`

/** SQL for findings that hold and fit, with their causes; `values` gets what stands for its parameters. */
export function findingsThatFit(filter: CauseFilter, values: unknown[]): string {
  const parameter = (value: unknown) => `$${values.push(value ?? null)}`
  const server = parameter(filter.server)
  const backend = parameter(filter.backend)
  const object = parameter(filter.object)
  const cause = parameter(filter.cause)
  const seen = narrowed(filter.visible, 'finding', 'f', values)
  const asked = ['true', ...(filter.where ?? []).map((condition) => condition(parameter))].join(' and ')
  return `
    select f.id, f.server_id, s.name as server, f.backend, f.model, f.object_key, f.identity, f.state, f.found_at, f.detail,
      coalesce(f.model || ':' || f.object_key, f.identity) as name, ${CAUSE} as cause
    from orchestra.finding f join orchestra.server s on s.id = f.server_id
    where s.removed_at is null and (${server}::text is null or s.name = ${server})
      and (${backend}::text is null or f.backend = ${backend})
      and (${object}::text is null or f.model || ':' || f.object_key = ${object})
      and (${cause}::text is null or ${CAUSE} = ${cause}) and ${findingHolds} and ${seen} and ${asked}`
}

/** Behind which cause a page begins: how many it had, and which it was. */
export interface CausePlace {
  count: number
  cause: string
}

/** What the last looks at servers found, by what was done to it: the most frequent first. */
export async function listCauses(
  db: Queryable,
  { limit, after, ...filter }: CauseFilter & { limit: number; after?: CausePlace | undefined },
): Promise<DriftCause[]> {
  const values: unknown[] = [limit, after?.count ?? null, after?.cause ?? null]
  const rows = await db.query<Omit<DriftCause, 'since'> & { since: Date }>(
    `with fitting as (${findingsThatFit(filter, values)}), grouped as (
       select cause, count(*)::int as count, min(id) as first, min(coalesce((detail ->> 'since')::timestamptz, found_at)) as since,
         (array_agg(distinct name order by name))[1:${MOST_NAMED}] as objects,
         (array_agg(distinct server order by server))[1:${MOST_NAMED}] as servers, count(distinct server_id)::int as "serverCount"
       from fitting group by cause
     )
     select g.cause, f.backend, f.state, g.count, g.objects, g.servers, g."serverCount", g.since, f.detail -> 'differences' as differences
     from grouped g join orchestra.finding f on f.id = g.first
     where $2::int is null or g.count < $2 or (g.count = $2 and g.cause > $3)
     order by g.count desc, g.cause limit $1`,
    values,
  )
  return rows.map(({ since, ...row }) => ({
    ...row,
    since: since.toISOString(),
    differences: row.differences ?? [],
  }))
}

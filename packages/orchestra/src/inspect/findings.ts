import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { causeOf } from './cause.ts'
import type { Inspection, InspectionCounts } from './inspection.ts'
import type { Condition, Difference } from './judge.ts'
import type { InspectionPage } from './page.ts'

export type FindingState = 'drifted' | 'missing' | 'unknown' | 'unowned' | 'orphaned'

export interface FindingDetail {
  differences: readonly Difference[]
  /** Its backend renders it otherwise now than when it was applied, so that the server may be as it was left. */
  stale?: boolean
  /** When it was first found so. */
  since?: string
  /** What it has in common with others that were made so by the same hand; workers of releases before told none. */
  cause?: string
}

/** An object that is not as it should be, as the store will hold it. */
interface FoundObject {
  model: string
  object_key: string
  key_hash: string
  identity: string
  applied_at: string
  state: FindingState
  detail: FindingDetail
}

/** What a page found, as the store took it. */
export interface PageFindings {
  /** Objects that deviate and have not changed since they were looked at. */
  found: readonly { model: string; objectKey: string; keys: readonly string[]; state: FindingState }[]
  counts: InspectionCounts
}

/**
 * Writes down what a page found: what deviates has a finding, what is in order has none. What was changed while it was looked at
 * is left alone. Runs inside a transaction.
 */
export async function recordPage(
  tx: Queryable,
  inspection: Inspection,
  page: InspectionPage,
  verdicts: readonly Condition[],
): Promise<PageFindings> {
  const { backend } = inspection
  const deviating = page.objects.flatMap((object, index): FoundObject[] => {
    const verdict = verdicts[index]
    if (verdict === undefined || verdict.state === 'in-sync') return []
    const { state, differences } = verdict
    const { stale: _, ...rest } = object
    const cause = causeOf({ ...rest, backend, objectKey: rest.object_key, state, differences })
    const detail = { differences, cause, ...(object.stale ? { stale: true } : {}) }
    return [{ ...rest, state, detail }]
  })
  const found = await replaceFindings(tx, inspection, page, deviating)
  const countOf = (state: FindingState) => found.filter((one) => one.state === state).length
  return {
    found,
    counts: {
      inSync: page.objects.length - deviating.length,
      drifted: countOf('drifted'),
      missing: countOf('missing'),
      unknown: countOf('unknown'),
      changing: deviating.length - found.length,
    },
  }
}

function replaceFindings(
  tx: Queryable,
  inspection: Inspection,
  page: InspectionPage,
  deviating: readonly FoundObject[],
): Promise<PageFindings['found'][number][]> {
  const { id, serverId, backend, cursor } = inspection
  const after = cursor?.phase === 'placements' ? cursor : { model: null, keyHash: null }
  return tx.query(
    `with found as (
       select f.*, p.keys from jsonb_to_recordset($4::jsonb) as f(model text, object_key text, key_hash uuid, identity text,
         applied_at timestamptz, state text, detail jsonb)
       join orchestra.placement p on p.key_hash = f.key_hash and p.model = f.model and p.backend = $3 and p.server_id = $2
         and p.state = 'applied' and p.applied_at = f.applied_at
     ), over as (
       delete from orchestra.finding f where f.server_id = $2 and f.backend = $3 and f.object_key is not null
         and ($5::text is null or (f.model, md5(f.object_key)::uuid) > ($5, $6::uuid))
         and ($7::text is null or (f.model, md5(f.object_key)::uuid) <= ($7, $8::uuid))
         and ($9::text is null or (f.model = $10 and f.object_key = $9))
         and not exists (select from found
           where found.identity = f.identity and found.model = f.model and found.object_key = f.object_key)
     ), written as (
       insert into orchestra.finding as f (inspection_id, server_id, backend, model, object_key, identity, state, detail)
       select $1, $2, $3, model, object_key, identity, state, detail || jsonb_build_object('since', now()) from found
       on conflict (server_id, backend, md5(identity), coalesce(model, ''), md5(coalesce(object_key, ''))) do update set
         inspection_id = excluded.inspection_id, model = excluded.model, object_key = excluded.object_key,
         state = excluded.state, found_at = now(), identity = excluded.identity,
         detail = excluded.detail || jsonb_build_object('since', coalesce(f.detail -> 'since', to_jsonb(f.found_at)))
     )
     select model, object_key as "objectKey", keys, state from found`,
    [
      id,
      serverId,
      backend,
      JSON.stringify(deviating),
      after.model,
      after.keyHash,
      page.next?.model ?? null,
      page.next?.keyHash ?? null,
      inspection.objectKey,
      inspection.model,
    ],
  )
}

/** Something that no object stands for, or that is made of all objects together. */
export interface NamelessFinding {
  identity: string
  state: FindingState
  differences: readonly Difference[]
}

/** Findings of one identity as one, as what is known for certain says. Pure. */
export function oneOfEach(found: readonly NamelessFinding[]): NamelessFinding[] {
  return [...Map.groupBy(found, ({ identity }) => identity)].map(([identity, same]) => ({
    identity,
    state: same.find(({ state }) => state !== 'unknown')?.state ?? 'unknown',
    differences: same.flatMap(({ differences }) => differences),
  }))
}

/** Writes down what was found beside the objects, each identity once. Runs inside a transaction. */
export async function addFindings(
  tx: Queryable,
  { id, serverId, backend }: Inspection,
  found: readonly NamelessFinding[],
): Promise<void> {
  if (found.length === 0) return
  const caused = found.map((one) => ({ ...one, cause: causeOf({ ...one, backend, objectKey: null }) }))
  await tx.query(
    `insert into orchestra.finding as f (inspection_id, server_id, backend, identity, state, detail)
     select $1, $2, $3, identity, state, jsonb_build_object('differences', differences, 'cause', cause, 'since', now())
     from jsonb_to_recordset($4::jsonb) as found(identity text, state text, differences jsonb, cause text)
     on conflict (server_id, backend, md5(identity), coalesce(model, ''), md5(coalesce(object_key, ''))) do update set
       inspection_id = excluded.inspection_id, state = excluded.state, found_at = now(),
       detail = excluded.detail || jsonb_build_object('since', coalesce(f.detail -> 'since', to_jsonb(f.found_at)))`,
    [id, serverId, backend, JSON.stringify(caused)],
  )
}

/** Takes away findings about what is no longer there: neither as an object, nor by this look at the server. */
export async function clearFindings(
  tx: Queryable,
  { id, serverId, backend, objectKey }: Inspection,
): Promise<void> {
  if (objectKey !== null) return
  await tx.query(
    `delete from orchestra.finding f where f.server_id = $2 and f.backend = $3 and f.inspection_id <> $1
       and (f.model is null or not exists (
         select from orchestra.placement p where p.key_hash = md5(f.object_key)::uuid and p.model = f.model
           and p.backend = f.backend and p.server_id = f.server_id))`,
    [id, serverId, backend],
  )
}

export interface FindingFilter {
  server?: string | undefined
  backend?: string | undefined
  /** `model:key`. */
  object?: string | undefined
  /** Default 1000. */
  limit?: number
  /** Behind this place in the list: `next` of the page before. */
  after?: number
  /** Those alone that somebody may see. */
  visible?: Narrowing | undefined
}

/** The limit for programs and for people who ask for all. */
export const MOST_LISTED = 100_000

export interface Finding {
  server: string
  backend: string
  /** `site:12`; null where no object stands for it. */
  object: string | null
  identity: string
  state: FindingState
  differences: readonly Difference[]
  stale: boolean
  /** When it was first found so. */
  since: string
  foundAt: string
}

/** Whether an object is not as it should be; what stands in its place and is not ours is none of it. */
export function isDrift({ state, object }: Pick<Finding, 'state' | 'object'>): boolean {
  return state === 'drifted' || state === 'missing' || (state === 'unowned' && object !== null)
}

/** SQL that is true for a finding `f` that still holds: what was applied after it was found is as it was applied. */
export const findingHolds = `not exists (
  select from orchestra.placement p where p.key_hash = md5(f.object_key)::uuid and p.model = f.model
    and p.backend = f.backend and p.server_id = f.server_id and p.applied_at > f.found_at)
  and not (f.object_key is null and f.state in ('drifted', 'missing') and exists (
    select from orchestra.placement p
    where p.backend = f.backend and p.server_id = f.server_id and p.applied_at > f.found_at))`

/** What the last looks at servers found otherwise than it should be. */
export async function listFindings(db: Queryable, filter: FindingFilter = {}): Promise<Finding[]> {
  return (await pageOfFindings(db, filter)).findings
}

type FindingRow = Omit<Finding, 'differences' | 'stale' | 'since' | 'foundAt'> & {
  id: number
  found_at: Date
  detail: FindingDetail
}

/** The same, in the order in which they were found from page to page; within a page, by server and backend. */
export async function pageOfFindings(
  db: Queryable,
  filter: FindingFilter = {},
): Promise<{ findings: Finding[]; next: number | null }> {
  const limit = filter.limit ?? 1_000
  const values: unknown[] = [
    filter.server ?? null,
    filter.backend ?? null,
    filter.object ?? null,
    limit,
    filter.after ?? 0,
  ]
  const seen = narrowed(filter.visible, 'finding', 'f', values)
  const rows = await db.query<FindingRow>(
    `select f.id, s.name as server, f.backend, f.model || ':' || f.object_key as object, f.identity, f.state, f.detail,
       f.found_at
     from orchestra.finding f join orchestra.server s on s.id = f.server_id
     where s.removed_at is null and f.id > $5 and ($2::text is null or f.backend = $2)
       and ($1::text is null or s.name = $1
         and f.server_id = any(array(select id from orchestra.server where name = $1 and removed_at is null)))
       and ($3::text is null or f.model || ':' || f.object_key = $3) and ${findingHolds}
       and ${seen}
     order by f.id limit $4`,
    values,
  )
  const next = rows.length < limit ? null : (rows.at(-1)?.id ?? null)
  return { findings: rows.map(toFinding).sort(byPlace), next }
}

function toFinding({ id: _, detail, found_at: foundAt, ...row }: FindingRow): Finding {
  return {
    ...row,
    differences: detail.differences,
    stale: detail.stale === true,
    since: new Date(detail.since ?? foundAt).toISOString(),
    foundAt: foundAt.toISOString(),
  }
}

function byPlace(a: Finding, b: Finding): number {
  const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
  return (
    order(a.server, b.server) ||
    order(a.backend, b.backend) ||
    Number(a.object === null) - Number(b.object === null) ||
    order(a.identity, b.identity)
  )
}

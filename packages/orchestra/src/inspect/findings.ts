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
import type { Queryable } from '../store/index.ts'
import { causeOf } from './cause.ts'
import type { Inspection, InspectionCounts } from './inspection.ts'
import type { Difference, Condition as Verdict } from './judge.ts'
import type { InspectionPage } from './page.ts'

export const findingStates = ['drifted', 'missing', 'unknown', 'unowned', 'orphaned'] as const

export type FindingState = (typeof findingStates)[number]

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
  verdicts: readonly Verdict[],
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

export interface FindingFilter extends Narrowed {
  server?: string | undefined
  backend?: string | undefined
  /** `model:key`. */
  object?: string | undefined
  /** Default 1000. */
  limit?: number | undefined
  /** Behind this place in the list: `next` of the page before. */
  after?: number | undefined
}

/** The limit for programs and for people who ask for all. */
export const MOST_LISTED = 100_000

export interface Finding {
  /** Where it stands among all, in the order in which they were found. */
  id: number
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

/** What the last looks at servers found otherwise than it should be, by server and backend. */
export async function listFindings(db: Queryable, filter: FindingFilter = {}): Promise<Finding[]> {
  return (await pageOfFindings(db, filter)).findings.sort(byPlace)
}

type FindingRow = Omit<Finding, 'differences' | 'stale' | 'since' | 'foundAt'> & {
  found_at: Date
  detail: FindingDetail
}

/** The same, in the order in which they were found. */
export async function pageOfFindings(
  db: Queryable,
  filter: FindingFilter = {},
): Promise<{ findings: Finding[]; next: number | null }> {
  const { limit = 1_000, after = 0 } = filter
  const behind: Condition = (parameter) => `f.id > ${parameter(after)}`
  const rows = await queryWith<FindingRow>(
    db,
    (parameter, all) =>
      `select f.id, s.name as server, f.backend, f.model || ':' || f.object_key as object, f.identity, f.state, f.detail,
         f.found_at
       from ${TABLES} where ${all([behind, ...conditionsOf(filter)])}
       order by f.id limit ${parameter(limit)}`,
  )
  const next = rows.length < limit ? null : (rows.at(-1)?.id ?? null)
  return { findings: rows.map(toFinding), next }
}

/** How many fit. */
export function countFindings(db: Queryable, filter: FindingFilter): Promise<Counted> {
  return countRows(db, TABLES, conditionsOf(filter))
}

const TABLES = 'orchestra.finding f join orchestra.server s on s.id = f.server_id'

function conditionsOf(filter: FindingFilter): Condition[] {
  const { server, backend, object, where = [] } = filter
  const conditions: Condition[] = [
    () => `s.removed_at is null and ${findingHolds}`,
    seenRows(filter, 'finding', 'f'),
    ...where,
  ]
  if (server !== undefined)
    conditions.push(
      (parameter) =>
        `s.name = ${parameter(server)} and ${serverNamed('f.server_id').where([server], parameter)}`,
    )
  if (backend !== undefined) conditions.push((parameter) => `f.backend = ${parameter(backend)}`)
  if (object !== undefined)
    conditions.push((parameter) => `f.model || ':' || f.object_key = ${parameter(object)}`)
  return conditions
}

/** What a list of findings can be narrowed by. */
export const findingFilters: Filters = {
  by: {
    server: serverNamed('f.server_id'),
    backend: named('f.backend', 'A backend'),
    model: named('f.model', 'A model'),
    object: named(`(f.model || ':' || f.object_key)`, 'An object, such as `object:site:12`'),
    identity: patterned('f.identity', 'What it is called on the server'),
    state: oneOf('f.state', findingStates, 'What was found'),
    is: choice(
      {
        drift: `(f.state in ('drifted', 'missing') or f.state = 'unowned' and f.model is not null)`,
        stray: 'f.model is null',
        stale: `coalesce((f.detail ->> 'stale')::boolean, false)`,
      },
      'What that means',
    ),
    since: moment('f.found_at', 'since'),
    until: moment('f.found_at', 'until'),
  },
  text: {
    about: 'What stands in the object or in its name on the server',
    where: textIn('f.identity', 'f.object_key'),
  },
}

function toFinding({ detail, found_at: foundAt, ...row }: FindingRow): Finding {
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

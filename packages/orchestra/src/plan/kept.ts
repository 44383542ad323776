import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import {
  type Condition,
  type Counted,
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
import type { PlannedDifference } from './difference.ts'
import type { Moved } from './moved.ts'
import type { PlannedFailure, PlannedOperation, PlannedScriptText } from './plan.ts'
import type { SavedPlan, Weight } from './saved.ts'

export const keptStates = ['open', 'applied', 'rejected', 'stale', 'discarded'] as const

/** A plan that is kept. Times are ISO 8601. */
export interface KeptPlan extends Weight {
  id: number
  /** Of all that it would do and how it was asked for: what approvals are of. */
  fingerprint: string
  state: (typeof keptStates)[number]
  /** What it was asked for; null is everything. */
  server: string | null
  backend: string | null
  /** `model:key`, or the name of a model. */
  object: string | null
  /** How many objects of one backend on one server it may remove; null is the usual bound. */
  allowDeletes: number | null
  /** All that is to be done, whatever it waits for. */
  operations: number
  /** The same of each kind. */
  counts: Record<string, number>
  /** Objects for which nothing can be done. */
  failed: number
  /** Scripts that there are; of very many the first are kept. */
  scripts: number
  /** Why it would be stopped; null when it would not. */
  guard: string | null
  by: string
  createdAt: string
  endedAt: string | null
  endedBy: string | null
  /** Why it was rejected. */
  reason: string | null
  /** The unit of work that it was done as. */
  unit: string | null
}

export type KeptDetail = KeptPlan & { failures: PlannedFailure[]; moved: Moved[] | null }

export interface PlanSearch extends Narrowed {
  state?: KeptPlan['state'] | undefined
  /** Older than this one. */
  before?: number | undefined
  limit: number
}

const TABLES = 'orchestra.plan left join orchestra.server on server.id = plan.server_id'

const SUMMARY = `plan.id, plan.fingerprint, plan.state, server.name as server, plan.backend,
  plan.model || coalesce(':' || plan.object_key, '') as object, (plan.content ->> 'allowDeletes')::integer as "allowDeletes",
  plan.operations, plan.counts, plan.removes, plan.servers, plan.failed, plan.scripts, plan.guard, plan.created_by as by,
  ${isoTime('plan.created_at')} as "createdAt", ${isoTime('plan.ended_at')} as "endedAt", plan.ended_by as "endedBy",
  plan.reason, plan.unit_id as unit`

/** The newest first. */
export function listPlans(db: Queryable, search: PlanSearch): Promise<KeptPlan[]> {
  const { before, limit } = search
  const behind: Condition[] = before === undefined ? [] : [(parameter) => `plan.id < ${parameter(before)}`]
  return queryWith<KeptPlan>(
    db,
    (parameter, all) =>
      `select ${SUMMARY} from ${TABLES} where ${all([...behind, ...conditionsOf(search)])}
       order by plan.id desc limit ${parameter(limit)}`,
  )
}

export function countPlans(db: Queryable, search: Omit<PlanSearch, 'limit'>): Promise<Counted> {
  return countRows(db, TABLES, conditionsOf(search))
}

function conditionsOf({ state, where = [], ...search }: Omit<PlanSearch, 'limit'>): Condition[] {
  const seen = [seenRows(search, 'plan', 'plan'), ...where]
  return state === undefined ? seen : [...seen, (parameter) => `plan.state = ${parameter(state)}`]
}

/** @throws OrchestraError ORC_PLAN_UNKNOWN */
export async function readPlanKept(db: Queryable, id: number): Promise<KeptDetail> {
  const [plan] = await db.query<KeptDetail>(
    `select ${SUMMARY}, plan.failures, plan.moved from ${TABLES} where plan.id = $1`,
    [id],
  )
  if (plan === undefined) throw unknownPlan(id)
  return plan
}

/**
 * The plan as it is done.
 * @throws OrchestraError ORC_PLAN_UNKNOWN
 */
export async function keptContent(db: Queryable, id: number): Promise<SavedPlan> {
  const [row] = await db.query<{ content: SavedPlan }>('select content from orchestra.plan where id = $1', [
    id,
  ])
  if (row === undefined) throw unknownPlan(id)
  return row.content
}

export function unknownPlan(id: number): OrchestraError {
  return new OrchestraError('ORC_PLAN_UNKNOWN', `There is no plan ${id}`, {
    hint: 'See `orchestra plan list`; old ones are dropped by retention',
  })
}

/** Where a page of what a plan has begins, and how long it is. */
interface Part {
  /** Behind this number. */
  after?: number | undefined
  limit: number
}

export type KeptOperation = { number: number } & Omit<PlannedOperation, 'differences'>

/** In the order in which they were planned. */
export async function keptOperations(
  db: Queryable,
  id: number,
  { kind, ...part }: Part & { kind?: PlannedOperation['kind'] | undefined },
): Promise<KeptOperation[]> {
  const rows = await partOf<{ number: number; shown: Omit<PlannedOperation, 'differences'> }>(
    db,
    { id, ...part },
    {
      columns: 'number, shown',
      table: 'plan_operation',
      where: `($4::text is null or shown ->> 'kind' = $4)`,
      given: [kind ?? null],
    },
  )
  return rows.map(({ number, shown }) => ({ number, ...shown }))
}

/** How what is rendered for one object differs from what was applied. */
export type KeptDifferences = { number: number; differences: PlannedDifference[] } & Pick<
  PlannedOperation,
  'kind' | 'object' | 'backend' | 'server'
>

/** Of all operations of which differences are known. */
export async function keptDifferences(db: Queryable, id: number, part: Part): Promise<KeptDifferences[]> {
  const rows = await partOf<{ number: number; shown: PlannedOperation; differences: PlannedDifference[] }>(
    db,
    { id, ...part },
    {
      columns: 'number, shown, differences',
      table: 'plan_operation',
      where: `jsonb_array_length(differences) > 0`,
      given: [],
    },
  )
  return rows.map(({ number, shown: { kind, object, backend, server }, differences }) => ({
    ...{ number, kind, object, backend, server },
    differences,
  }))
}

export type KeptScript = { number: number } & PlannedScriptText

/** As they will run, secrets by name. */
export async function keptScripts(db: Queryable, id: number, part: Part): Promise<KeptScript[]> {
  const rows = await partOf<{ number: number; shown: PlannedScriptText }>(
    db,
    { id, ...part },
    { columns: 'number, shown', table: 'plan_script', where: 'true', given: [] },
  )
  return rows.map(({ number, shown }) => ({ number, ...shown }))
}

function partOf<Row>(
  db: Queryable,
  { id, after = 0, limit }: Part & { id: number },
  {
    columns,
    table,
    where,
    given,
  }: { columns: string; table: string; where: string; given: readonly unknown[] },
): Promise<Row[]> {
  return db.query<Row>(
    `select ${columns} from orchestra.${table} where plan_id = $1 and number > $2 and ${where} order by number limit $3`,
    [id, after, limit, ...given],
  )
}

/** What a list of plans can be narrowed by. */
export const planFilters: Filters = {
  by: {
    server: serverNamed('plan.server_id'),
    backend: named('plan.backend', 'A backend'),
    model: named('plan.model', 'A model'),
    state: oneOf('plan.state', keptStates, 'How it stands'),
    by: patterned('plan.created_by', 'Who made it'),
    since: moment('plan.created_at', 'since'),
    until: moment('plan.created_at', 'until'),
  },
  text: {
    about: 'What stands in why it was rejected or would be stopped',
    where: textIn('plan.reason', 'plan.guard'),
  },
}

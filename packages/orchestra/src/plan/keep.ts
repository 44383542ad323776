import { formatKey, parseObject } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'
import { getServer } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import type { WholePlan } from './everything.ts'
import { type KeptPlan, readPlanKept, unknownPlan } from './kept.ts'
import type { Moved } from './moved.ts'
import { type SavedOperation, type SavedPlan, weightOf } from './saved.ts'

/** Plans that one person may keep open, and all that he may make within a day, whatever became of them. */
export const MOST_KEPT = 50
export const MOST_A_DAY = 500
/** Failures that are kept of a plan, and characters of all its scripts: what is more is counted. */
const MOST_FAILURES = 1_000
const MOST_SCRIPT = 32_000_000
/** Rows that one statement writes. */
const BATCH = 1_000

type Placing = Pick<SavedOperation, 'server' | 'backend' | 'object' | 'action'>

/** Who keeps a plan: an account, whatever he comes in by, or a name at the machine. */
interface Keeper {
  by: string
  accountId: number | null
}

export interface NewPlan extends Keeper {
  plan: WholePlan & { counts: Readonly<Record<string, number>> }
  saved: SavedPlan
  fingerprint: string
}

/**
 * Keeps a plan as it is shown, and as it is to be done.
 * @throws OrchestraError ORC_PLAN_LIMIT
 */
export async function keepPlan(tx: Queryable, made: NewPlan): Promise<number> {
  await refuseMore(tx, made)
  const id = await keepHead(tx, made)
  const { operations, scripts } = made.plan
  const rows = operations.map(({ differences, ...shown }, index) => ({
    number: index + 1,
    shown,
    differences,
  }))
  await keepRows(tx, id, rows, OPERATIONS)
  const shown = withinReason(scripts).map((script, index) => ({ number: index + 1, shown: script }))
  await keepRows(tx, id, shown, SCRIPTS)
  return id
}

/** Two that one person keeps at once do not both see room for the last. */
async function refuseMore(tx: Queryable, keeper: Keeper): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `orchestra plan ${keeper.accountId ?? keeper.by}`,
  ])
  await assertRoomToKeep(tx, keeper)
}

/**
 * Whether somebody may keep another: asked before everything is compared for it, too.
 * @throws OrchestraError ORC_PLAN_LIMIT
 */
export async function assertRoomToKeep(db: Queryable, { by, accountId }: Keeper): Promise<void> {
  const [row] = await db.query<{ open: number; today: number }>(
    `select count(*) filter (where state = 'open') as open,
       count(*) filter (where created_at > now() - interval '1 day') as today from orchestra.plan
     where (state = 'open' or created_at > now() - interval '1 day')
       and (account_id = $1 or ($1::integer is null and account_id is null and created_by = $2))`,
    [accountId, by],
  )
  if ((row?.open ?? 0) >= MOST_KEPT)
    throw new OrchestraError('ORC_PLAN_LIMIT', `${MOST_KEPT} plans of yours are open`, {
      hint: 'Do some, or discard them: `orchestra plan list`, `orchestra plan discard PLAN`',
    })
  if ((row?.today ?? 0) >= MOST_A_DAY)
    throw new OrchestraError('ORC_PLAN_LIMIT', `${MOST_A_DAY} plans of yours were kept within a day`, {
      hint: 'Look at what is to be done without keeping it: `orchestra plan`',
    })
}

async function keepHead(tx: Queryable, made: NewPlan): Promise<number> {
  const { plan, saved, fingerprint, by, accountId } = made
  const { server, backend, model, object } = saved.selector
  const named = object === undefined ? undefined : parseObject(object)
  const { removes, servers } = weightOf(saved)
  const places = placesOf([...plan.operations, ...saved.operations])
  const [row] = await tx.query<{ id: number }>(HEAD, [
    fingerprint,
    server === undefined ? null : (await getServer(tx, server)).id,
    backend ?? null,
    named?.model ?? model ?? null,
    named === undefined ? null : formatKey(named.key),
    JSON.stringify(saved),
    plan.operations.length,
    JSON.stringify(plan.counts),
    removes,
    servers,
    JSON.stringify(plan.failures.slice(0, MOST_FAILURES)),
    plan.failures.length,
    plan.scripts.length,
    plan.guard,
    by,
    accountId,
    JSON.stringify(places),
  ])
  return row?.id ?? 0
}

/** Where something is done, and of what; each once. Whoever sees all of them sees the plan. */
function placesOf(operations: readonly Placing[]): Omit<Placing & { model: string }, 'object'>[] {
  const places = operations.map(({ server, backend, object, action }) => {
    const model = parseObject(object)?.model ?? ''
    return [JSON.stringify([server, backend, model, action]), { server, backend, model, action }] as const
  })
  return [...new Map(places).values()]
}

/** The first scripts, as many as are kept. */
function withinReason<Script extends { script: string }>(scripts: readonly Script[]): Script[] {
  let size = 0
  return scripts.filter(({ script }) => {
    size += script.length
    return size <= MOST_SCRIPT
  })
}

async function keepRows(tx: Queryable, id: number, rows: readonly object[], sql: string): Promise<void> {
  for (let from = 0; from < rows.length; from += BATCH)
    await tx.query(sql, [id, JSON.stringify(rows.slice(from, from + BATCH))])
}

const HEAD = `
insert into orchestra.plan (fingerprint, server_id, backend, model, object_key, content, operations, counts, removes, servers,
  failures, failed, scripts, guard, created_by, account_id, places)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, (
  select coalesce(jsonb_agg(jsonb_build_object('server_id', server.id, 'backend', place.backend, 'model', place.model,
    'action', place.action)), '[]')
  from jsonb_to_recordset($17::jsonb) as place(server text, backend text, model text, action text)
  left join orchestra.server on server.name = place.server and server.removed_at is null)) returning id`

const OPERATIONS = `
insert into orchestra.plan_operation (plan_id, number, shown, differences)
select $1, number, shown, differences from jsonb_to_recordset($2::jsonb) as kept(number int, shown jsonb, differences jsonb)`

const SCRIPTS = `
insert into orchestra.plan_script (plan_id, number, shown)
select $1, number, shown from jsonb_to_recordset($2::jsonb) as kept(number int, shown jsonb)`

/** How a plan ended. */
export interface PlanEnd {
  state: Exclude<KeptPlan['state'], 'open'>
  by: string
  reason?: string | null
  moved?: readonly Moved[]
  unit?: string
}

/**
 * Keeps a plan as it is until the transaction ends.
 * @throws OrchestraError ORC_PLAN_UNKNOWN, ORC_PLAN_ENDED
 */
export async function lockOpenPlan(tx: Queryable, id: number): Promise<void> {
  const rows = await tx.query('select from orchestra.plan where id = $1 for no key update', [id])
  if (rows.length === 0) throw unknownPlan(id)
  assertOpen(await readPlanKept(tx, id))
}

export function assertOpen({ id, state, endedBy, endedAt }: KeptPlan): void {
  if (state === 'open') return
  throw new OrchestraError('ORC_PLAN_ENDED', `Plan ${id} was ${ends[state]} by ${endedBy} at ${endedAt}`, {
    hint: 'Make another: `orchestra plan --keep`',
  })
}

const ends: Readonly<Record<PlanEnd['state'], string>> = {
  applied: 'done',
  rejected: 'rejected',
  stale: 'found to be stale',
  discarded: 'discarded',
}

export async function endPlan(tx: Queryable, id: number, end: PlanEnd): Promise<void> {
  await tx.query(`${END} where id = $1`, [id, ...valuesOf(end)])
}

/** Ends all that are open of one content: what is said of one is said of each. */
export async function endPlansOf(tx: Queryable, fingerprint: string, end: PlanEnd): Promise<void> {
  await tx.query(`${END} where fingerprint = $1 and state = 'open'`, [fingerprint, ...valuesOf(end)])
}

function valuesOf({ state, by, reason = null, moved, unit }: PlanEnd): unknown[] {
  return [state, by, reason, moved === undefined ? null : JSON.stringify(moved), unit ?? null]
}

const END = `
update orchestra.plan set state = $2, ended_at = now(), ended_by = $3, reason = $4, moved = $5, unit_id = $6`

import { type EndState, scriptState } from '../../logs/index.ts'
import { foundState } from '../../operations/found-state.ts'
import type { Outcome } from '../../operations/outcome.ts'
import type { ScriptedOperation } from '../../recording/scripts.ts'
import { ofSelection, type Span, valuesOf } from '../../recording/selection.ts'
import type { Queryable } from '../../store/index.ts'

/** Operations that one page holds: bounds the memory of a run, however many it is about. */
const OPERATIONS_A_PAGE = 2_000

/** A running operation of a regenerating backend. */
export interface RegeneratedOperation extends ScriptedOperation {
  /** What else it was called there does not matter: the whole is written anew. */
  previous: readonly []
  attempt: number
}

/** Notes which operations a log is about, in one statement whatever their number; answers how many. */
export async function listOperations(db: Queryable, logId: number, selection: Span): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `with listed as (
       insert into orchestra.log_operation (log_id, operation_id, position)
       select $1, o.id, 0 from orchestra.operation o where o.state = 'running' and ${ofSelection('o', 2)}
       returning 1
     ) select count(*) as count from listed`,
    [logId, ...valuesOf(selection)],
  )
  return row?.count ?? 0
}

/** Operations of a log that still run, page by page. */
export async function* runningOperations(
  db: Queryable,
  logId: number,
): AsyncGenerator<RegeneratedOperation[], void, undefined> {
  for (let after = 0; ; ) {
    const page = await db.query<RegeneratedOperation>(pageSql, [logId, after])
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    if (page.length < OPERATIONS_A_PAGE) return
    after = last.id
  }
}

const pageSql = `
select o.id, o.backend, o.action, o.model, o.object_key, o.keys, o.snapshot, o.identity, '[]'::jsonb as previous,
  o.attempt
from orchestra.log_operation p join orchestra.operation o on o.id = p.operation_id
where p.log_id = $1 and p.operation_id > $2 and ${foundState('o')} = 'running'
order by p.operation_id limit ${OPERATIONS_A_PAGE}`

/** Two selections with half of the operations each that still run of a log. */
export async function halves(
  db: Queryable,
  logId: number,
  selection: Span,
  running: number,
): Promise<[Span, Span]> {
  const [row] = await db.query<{ id: number }>(
    `select o.id from orchestra.log_operation p join orchestra.operation o on o.id = p.operation_id
     where p.log_id = $1 and ${foundState('o')} = 'running' order by p.operation_id offset $2 limit 1`,
    [logId, Math.floor(running / 2)],
  )
  const middle = row?.id ?? selection.last
  return [
    { ...selection, last: middle - 1 },
    { ...selection, first: middle },
  ]
}

/** Running operations of a selection that no open log is about: nobody will ask what became of them. */
export async function unloggedOperations(db: Queryable, selection: Span): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select o.id from orchestra.operation o
     where o.state = 'running' and ${ofSelection('o', 1)} and not exists (
       select from orchestra.log_operation p join orchestra.log g on g.id = p.log_id
       where p.operation_id = o.id and g.ended_at is null)
     order by o.id limit ${OPERATIONS_A_PAGE}`,
    valuesOf(selection),
  )
  return rows.map((row) => row.id)
}

/** Copies what became of a log's operations to the log; answers the state that follows from it. */
export async function recordOutcomes(
  db: Queryable,
  logId: number,
  exitCode: number | null,
): Promise<EndState> {
  const rows = await db.query<{ outcome: Outcome }>(
    `with noted as (
       update orchestra.log_operation p set outcome = o.outcome, changed = o.changed, error = o.error, exit_code = $2
       from orchestra.operation o
       where p.log_id = $1 and o.id = p.operation_id and o.log_id = $1 and ${foundState('o')} <> 'running'
       returning p.outcome
     ) select distinct outcome from noted where outcome is not null`,
    [logId, exitCode],
  )
  return scriptState(rows.map((row) => row.outcome))
}

/** What people read as the script of a log that is already open. */
export async function storeScript(db: Queryable, logId: number, script: string): Promise<void> {
  await db.query(`update orchestra.log set script = $2, script_bytes = $3 where id = $1`, [
    logId,
    script,
    Buffer.byteLength(script),
  ])
}

/** Whether all operations of a log share its one block, as those of a regeneration do. */
export async function isRegeneration(db: Queryable, logId: number): Promise<boolean> {
  const [row] = await db.query<{ several: boolean }>(
    'select exists (select from orchestra.log_operation where log_id = $1 and position > 0) as several',
    [logId],
  )
  return row?.several === false
}

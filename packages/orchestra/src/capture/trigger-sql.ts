import { quoteIdentifier, quoteLiteral } from './table-name.ts'
import type { Watch } from './watch.ts'

export const events = ['insert', 'update', 'delete', 'truncate'] as const

export type CaptureEvent = (typeof events)[number]

/** Keys in one row of orchestra.change at most, so that nobody ever has to read millions of keys at once. */
const KEYS_PER_ROW = 1000

/** Setting up a fixed way to write values costs a little at each statement, so only keys that need it pay. */
const FIXED_TEXT_SETTINGS = {
  datestyle: 'ISO, MDY',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
}

/**
 * The unit of a change: what the wrapped pool has set, else the transaction itself. The latter is computed instead of kept
 * in a setting, so no savepoint can roll it back; the time makes it differ from that of the same number in another cluster.
 */
export const unitSql = `coalesce(
      nullif(current_setting('orchestra.unit_of_work', true), '')::uuid,
      overlay(overlay(
        md5(pg_current_xact_id()::text || ' ' || extract(epoch from now())::text)
        placing '8' from 13) placing 'a' from 17)::uuid)`

/** Triggers run as their owner, so it is the session that tells who writes. */
export const actorSql = `coalesce(nullif(current_setting('orchestra.actor', true), ''), session_user)`

export const sourceSql = `coalesce(
      nullif(current_setting('orchestra.source', true), ''), nullif(current_setting('application_name'), ''))`

/** The body of a watch's trigger function; `fixedText` when the text of its keys depends on settings of the session. */
export function functionBody(watch: Watch, fixedText: boolean): string {
  const removed = record(watch, removedRows(watch))
  return `
-- Changes of model ${JSON.stringify(watch.model)}. Generated: installing capture writes it anew.${fixedText ? ' Fixed text.' : ''}
declare
  change_rows bigint;
begin
  if tg_op = 'INSERT' then
    ${record(watch, insertedRows(watch))};
  elsif tg_op = 'UPDATE' then
    ${record(watch, updatedRows(watch))};
  elsif tg_op = 'DELETE' then
    ${removed};
  else
    execute format('with old_rows as (select * from %s) ', tg_relid::regclass) || ${quoteLiteral(removed)};
  end if;
  get diagnostics change_rows = row_count;
  if change_rows > 0 then
    perform pg_notify('orchestra_change', '');
  end if;
  return null;
end
`
}

export function createFunction(watch: Watch, body: string, fixedText: boolean): string {
  const settings = fixedText ? Object.entries(FIXED_TEXT_SETTINGS) : []
  const clauses = settings.map(([name, value]) => `set ${name} = ${quoteLiteral(value)}`)
  const name = qualifiedFunction(watch.name)
  return `create or replace function ${name}() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp ${clauses.join(' ')} as ${quoteLiteral(body)};
    revoke all on function ${name}() from public`
}

export function createTrigger(watch: Watch, event: CaptureEvent, table: string): string {
  return `create or replace trigger ${quoteIdentifier(triggerName(watch.name, event))}
    ${event === 'truncate' ? 'before' : 'after'} ${event} on ${table} ${transitionTables[event]}
    for each statement execute function ${qualifiedFunction(watch.name)}()`
}

export function qualifiedFunction(name: string): string {
  return `orchestra.${quoteIdentifier(name)}`
}

export function triggerName(watch: string, event: CaptureEvent): string {
  return `orchestra_${watch}_${event}`
}

const transitionTables: Record<CaptureEvent, string> = {
  insert: 'referencing new table as new_rows',
  update: 'referencing old table as old_rows new table as new_rows',
  delete: 'referencing old table as old_rows',
  truncate: '',
}

/** Writes rows of (key, action) to orchestra.change. */
function record(watch: Watch, rows: string): string {
  return `insert into orchestra.change (unit_id, actor, source, model, action, keys)
    select ${unitSql},
      ${actorSql},
      ${sourceSql},
      ${quoteLiteral(watch.model)}, action, to_jsonb(array_agg(key))
    from (select key, action, (row_number() over () - 1) / ${KEYS_PER_ROW} as page from (${rows}) found) numbered
    group by action, page`
}

function insertedRows(watch: Watch): string {
  const distinct = watch.role === 'related' ? 'distinct ' : ''
  return `select ${distinct}${keyOf(watch)} as key, 'save' as action from new_rows this_row where ${hasKey(watch)}`
}

function removedRows(watch: Watch): string {
  const [distinct, action] = watch.role === 'related' ? ['distinct ', 'save'] : ['', 'delete']
  return `select ${distinct}${keyOf(watch)} as key, '${action}' as action from old_rows this_row where ${hasKey(watch)}`
}

/**
 * Rows that have no equal among the rows of the other side: the images before and after of every row that changed. It needs
 * no unique key, and compares images because a column's type may have no equality.
 */
function updatedRows(watch: Watch): string {
  const image = watch.ignore.length === 0 ? 'this_row' : `to_jsonb(this_row) - ${ignoredColumns(watch)}`
  const equals = watch.ignore.length === 0 ? 'operator(pg_catalog.*=)' : '='
  const side = (rows: string) =>
    `(select ${keyOf(watch)} as key, ${image} as image from ${rows} this_row where ${hasKey(watch)})`
  const gone = watch.role === 'object' ? `'delete'` : `'save'`
  return `select key, case when bool_or(written) then 'save' else ${gone} end as action
      from (
        select coalesce(n.key, o.key) as key, n.key is not null as written
        from ${side('new_rows')} n full join ${side('old_rows')} o on n.image ${equals} o.image
        where n.key is null or o.key is null
      ) changed
      group by key`
}

function keyOf(watch: Watch): string {
  return `array[${watch.columns.map((column) => `this_row.${quoteIdentifier(column)}::text`).join(', ')}]`
}

/** A row that references nothing belongs to no object. */
function hasKey(watch: Watch): string {
  return watch.columns.map((column) => `this_row.${quoteIdentifier(column)} is not null`).join(' and ')
}

function ignoredColumns(watch: Watch): string {
  return `array[${watch.ignore.map(quoteLiteral).join(', ')}]`
}

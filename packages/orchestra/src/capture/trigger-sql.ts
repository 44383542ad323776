import type { FoundColumn } from './catalog.ts'
import { keyHash, keyText } from './key-text.ts'
import { quoteIdentifier, quoteLiteral } from './table-name.ts'
import type { Watch } from './watch.ts'

export const events = ['insert', 'update', 'delete', 'truncate'] as const

export type CaptureEvent = (typeof events)[number]

/** What a trigger function is made for: a watch, and the columns that its table has. */
export interface Captured {
  watch: Watch
  columns: Readonly<Record<string, FoundColumn>>
}

/** Keys in one row of orchestra.change at most, so that nobody ever has to read millions of keys at once. */
const KEYS_PER_ROW = 1000

/**
 * Updates of more rows than this are judged by their first ones. Pairing every row with what it was took a third of the time that
 * the update itself took.
 */
const SAMPLE = 1000

/** A row's name in queries: a column of the same name would stand for the row, so it is one that nobody gives a column. */
const ROW = '"orchestra row"'

/** Setting up a fixed way to write values costs a little at each statement, so only keys that need it pay. */
const FIXED_TEXT_SETTINGS = {
  datestyle: 'ISO, MDY',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
}

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

/**
 * The unit of a change: what the wrapped pool has set, else the transaction itself. The latter is computed instead of kept
 * in a setting, so no savepoint can roll it back; the time makes it differ from that of the same number in another cluster.
 * What is set and no uuid is nobody's unit: it must not fail the statement of whoever set it. Every function that is called
 * here is looked up and its right checked at each statement, for half a microsecond each.
 */
export const unitSql = `coalesce(
      case when current_setting('orchestra.unit_of_work', true) ~* '${UUID}'
        then current_setting('orchestra.unit_of_work', true)::uuid end,
      overlay(overlay(
        md5(timestamptz_send(now()) || xid8send(pg_current_xact_id())) placing '8' from 13) placing 'a' from 17)::uuid)`

/** Triggers run as their owner, so it is the session that tells who writes. */
export const actorSql = `coalesce(nullif(current_setting('orchestra.actor', true), ''), session_user)`

export const sourceSql = `coalesce(
      nullif(current_setting('orchestra.source', true), ''), current_setting('application_name'))`

/**
 * Whether a worker has to be told, because it sleeps. A notification in every writer's transaction made commits wait for each other:
 * 32 writers fell to a fifteenth. Asked after the change got its number: see `manager/change-watch.ts`.
 */
export const isAsleepSql = `to_timestamp(pg_sequence_last_value(to_regclass('orchestra.asleep'))) > clock_timestamp()`

const WAKE = `perform pg_notify('orchestra_change', '')`

/** A migration tool may have dropped it, with everything else of the schema, and a restored dump the right to write there. */
const IS_THERE = `coalesce(has_table_privilege(to_regclass('orchestra.change'), 'insert'), false)`

/**
 * The body of a watch's trigger function. Nothing of it fails the statement that it runs in: Orchestra's own table may be gone, and
 * what migrations made of the columns is found out first, in a block that writes nothing. A block that writes takes a number of
 * its own for each statement, and more than 64 of those in one transaction slow down everybody's reads. Most statements are about
 * one row, and go the short way: two queries, because each query and each expression that reads a setting takes a snapshot, for
 * which all writers meet at one lock.
 */
export function functionBody(captured: Captured, fixedText: boolean): string {
  const { model } = captured.watch
  return `
-- Changes of model ${JSON.stringify(model)}. Generated: installing capture writes it anew.${fixedText ? ' Fixed text.' : ''}
declare
  new_key text[];
  old_key text[];
  is_changed boolean := true;
  is_one boolean := true;
  is_there boolean := true;
  is_asleep boolean;
  all_changed boolean := false;
  other_columns boolean := false;
begin
  begin${otherColumns(captured)}
    if tg_op = 'INSERT' then
      select ${keyOf(captured)}, ${IS_THERE} into strict new_key, is_there from new_rows ${ROW};
    elsif tg_op = 'UPDATE' then
      select n.key, o.key, ${differs(captured)}, ${IS_THERE} into strict new_key, old_key, is_changed, is_there
      from ${imagesOf(captured, 'new_rows')} n cross join ${imagesOf(captured, 'old_rows')} o;
    elsif tg_op = 'DELETE' then
      select ${keyOf(captured)}, ${IS_THERE} into strict old_key, is_there from old_rows ${ROW};
    else
      is_there := ${IS_THERE};
    end if;
  exception
    when no_data_found then
      is_one := false;
      if tg_op <> 'UPDATE' then
        return null;
      elsif not exists (select from old_rows) then
        return null;
      end if;
    when too_many_rows then
      is_one := false;
    when others then
      begin
        if ${IS_THERE} then
          ${recordModel(model, 'compare')};
        end if;
      exception when others then
        null; -- The schema itself is out of reach.
      end;
      return null;
  end;
  if not (is_changed and is_there) then
    return null;
  end if;
  if is_one and tg_op <> 'TRUNCATE' then
    if array_position(new_key, null) is null and new_key is not null then
      ${recordKey(model, 'save', 'new_key')} returning ${isAsleepSql} into is_asleep;
    end if;
    if array_position(old_key, null) is null and old_key <> coalesce(new_key, '{}') then
      ${recordKey(model, goneAction(captured), 'old_key')} returning ${isAsleepSql} into is_asleep;
    end if;
    if is_asleep then
      ${WAKE};
    end if;
    return null;
  end if;
  if not ${IS_THERE} then
    return null;
  end if;
  if tg_op = 'UPDATE' then
    begin
      if exists (select from new_rows offset ${SAMPLE}) then
        all_changed := ${allChanged(captured)};
      end if;
    exception when others then
      all_changed := false;
    end;
  end if;
  if tg_op = 'TRUNCATE' then
    ${recordModel(model, 'truncate')};
  elsif tg_op = 'INSERT' or all_changed then
    ${recordKeys(captured, 'save', writtenRows(captured))};
  elsif tg_op = 'UPDATE' then
    ${recordActions(captured, updatedRows(captured))};
  else
    ${recordKeys(captured, goneAction(captured), removedRows(captured))};
  end if;
  if ${isAsleepSql} then
    ${WAKE};
  end if;
  return null;
end
`
}

export function createFunction({ name }: Watch, body: string, fixedText: boolean): string {
  const settings = fixedText ? Object.entries(FIXED_TEXT_SETTINGS) : []
  const clauses = settings.map(([setting, value]) => `set ${setting} = ${quoteLiteral(value)}`)
  const qualified = qualifiedFunction(name)
  return `create or replace function ${qualified}() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp ${clauses.join(' ')} as ${quoteLiteral(body)};
    revoke all on function ${qualified}() from public`
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

/** Writes keys to orchestra.change, all with one action. */
function recordKeys({ watch }: Captured, action: string, rows: string): string {
  return `${insertInto(watch)} '${action}', to_jsonb(array_agg(key))
    from (select key, ${PAGE} from (${rows}) found) numbered
    group by page`
}

/** Writes rows of (key, action) to orchestra.change. */
function recordActions({ watch }: Captured, rows: string): string {
  return `${insertInto(watch)} action, to_jsonb(array_agg(key))
    from (select key, action, ${PAGE} from (${rows}) found) numbered
    group by action, page`
}

const PAGE = `(row_number() over () - 1) / ${KEYS_PER_ROW} as page`

function insertInto({ model }: Watch): string {
  return `insert into orchestra.change (unit_id, actor, source, model, action, keys)
    select ${unitSql},
      ${actorSql},
      ${sourceSql},
      ${quoteLiteral(model)},`
}

function recordKey(model: string, action: string, key: string): string {
  return recordValues(model, action, `to_jsonb(array[${key}])`)
}

/** Writes that something happened to objects of a model that this statement cannot name. */
function recordModel(model: string, action: 'compare' | 'truncate'): string {
  return recordValues(model, action, `'[]'`)
}

function recordValues(model: string, action: string, keys: string): string {
  return `insert into orchestra.change (unit_id, actor, source, model, action, keys)
      values (${unitSql},
        ${actorSql},
        ${sourceSql},
        ${quoteLiteral(model)}, '${action}', ${keys})`
}

/** What it means for its object that a row is gone, or belongs to another. */
function goneAction({ watch }: Captured): 'delete' | 'save' {
  return watch.role === 'object' ? 'delete' : 'save'
}

function writtenRows(captured: Captured): string {
  const distinct = captured.watch.role === 'related' ? 'distinct ' : ''
  return `select ${distinct}${keyOf(captured)} as key from new_rows ${ROW} where ${hasKey(captured)}`
}

function removedRows(captured: Captured): string {
  const distinct = captured.watch.role === 'related' ? 'distinct ' : ''
  return `select ${distinct}${keyOf(captured)} as key from old_rows ${ROW} where ${hasKey(captured)}`
}

/** Keys before and after of every row whose image is another than it was. */
function updatedRows(captured: Captured): string {
  return `with pair as materialized (
        select n.key as key_after, o.key as key_before from ${pairs(captured)}
        where n.position is null or o.position is null or ${differs(captured)}
      )
      select key, case when bool_or(written) then 'save' else '${goneAction(captured)}' end as action
      from (select key_after as key, true as written from pair union all select key_before, false from pair) changed
      where key is not null and array_position(key, null) is null
      group by key`
}

/**
 * Whether the rows may be taken for changed without looking at each: of the first ones every row is, and no key is another than it
 * was. It errs towards work that turns out to be none.
 */
function allChanged(captured: Captured): string {
  const { watch, columns } = captured
  const sum = (rows: string) => `(select sum(${keyHash(ROW, watch.columns, columns)}) from ${rows} ${ROW})`
  return `not exists (select from ${pairs(captured, `limit ${SAMPLE}`)} where not (${differs(captured)}))
          and ${sum('new_rows')} is not distinct from ${sum('old_rows')}`
}

/**
 * Every row beside what it was: Postgres notes both at once, so they have the same position. Pairs need no unique key, and compare
 * images because a column's type may have no equality. A row that moved to another partition, where a trigger of the application
 * refused it, is among the old ones alone; those behind it are paired with each other's and count as changed.
 */
function pairs(captured: Captured, limit = ''): string {
  const side = (rows: string) => imagesOf(captured, rows, 'row_number() over () as position, ', limit)
  return `${side('new_rows')} n full join ${side('old_rows')} o using (position)`
}

function keyOf({ watch, columns }: Captured): string {
  return `array[${watch.columns.map((name) => keyText(ROW, name, columns[name])).join(', ')}]`
}

/** A row that references nothing belongs to no object. */
function hasKey({ watch }: Captured): string {
  return watch.columns.map((name) => `${ROW}.${quoteIdentifier(name)} is not null`).join(' and ')
}

function imagesOf(captured: Captured, rows: string, position = '', limit = ''): string {
  return `(select ${position}${keyOf(captured)} as key, ${imageOf(captured)} as image, ${ROW} from ${rows} ${ROW} ${limit})`
}

function differs({ watch }: Captured): string {
  const images = 'n.image operator(pg_catalog.*<>) o.image'
  if (watch.ignore.length === 0) return images
  return `${images} or (other_columns and n.${ROW} operator(pg_catalog.*<>) o.${ROW})`
}

/** Where columns are ignored the others are named, and a migration may have added some since: then no column is. */
function otherColumns({ watch, columns }: Captured): string {
  if (watch.ignore.length === 0) return ''
  return `
    if tg_op = 'UPDATE' then
      other_columns := (select count(*) from pg_attribute
        where attrelid = tg_relid and attnum > 0 and not attisdropped) <> ${Object.keys(columns).length};
    end if;`
}

/** Without ignored columns it is the row; a conversion to JSON could run a cast of the application's. */
function imageOf({ watch, columns }: Captured): string {
  if (watch.ignore.length === 0) return ROW
  const kept = Object.keys(columns).filter((name) => !watch.ignore.includes(name))
  return `row(${kept.map((name) => `${ROW}.${quoteIdentifier(name)}`).join(', ')})`
}

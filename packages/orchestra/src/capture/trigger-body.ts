import { allChanged, goneAction, removedRows, SAMPLE, updatedRows, writtenRows } from './changed-rows.ts'
import { recordActions, recordKey, recordKeys, recordModel } from './record-sql.ts'
import { type Captured, differs, imagesOf, keyOf, otherColumns, ROW } from './row-images.ts'
import { isAsleepSql } from './who-writes.ts'

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

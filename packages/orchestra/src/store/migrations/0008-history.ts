export const change = ''

/**
 * What logs hold lies in ranges of their numbers, about one a day: old ones are dropped and not deleted row by row. The number of its log
 * is in every key already, so that nothing that reads or writes has to know of days. What was there before becomes the first range, as
 * it is.
 */
export const sql = `
-- Where a chunk begins: bytes and line feeds before it, of the whole output and of its own stream. Null in what is older.
alter table orchestra.log_chunk
  add column byte_at bigint,
  add column line_at bigint,
  add column stream_byte_at bigint,
  add column stream_line_at bigint;

do $ranges$
declare
  name text;
  first bigint;
  is_empty boolean;
begin
  -- Held until the end: no log gets a number meanwhile that is noted in one of them.
  lock table orchestra.log_operation, orchestra.log_chunk in access exclusive mode;
  select case when is_called then last_value + 1 else last_value end into first from orchestra.log_id_seq;
  foreach name in array array['log_operation', 'log_chunk'] loop
    execute format('alter table orchestra.%I drop constraint %I', name, name || '_log_id_fkey');
    execute format('alter table orchestra.%I rename to %I', name, name || '_before');
    execute format('alter index orchestra.%I rename to %I', name || '_pkey', name || '_before_pkey');
    execute format('create table orchestra.%I (like orchestra.%I including defaults including constraints)
      partition by range (log_id)', name, name || '_before');
  end loop;
  alter table orchestra.log_operation add primary key (log_id, operation_id);
  alter table orchestra.log_chunk add primary key (log_id, sequence);
  alter index orchestra.log_operation_operation rename to log_operation_before_operation;
  create index log_operation_operation on orchestra.log_operation (operation_id);
  foreach name in array array['log_operation', 'log_chunk'] loop
    execute format('select not exists (select from orchestra.%I)', name || '_before') into is_empty;
    if is_empty then
      execute format('drop table orchestra.%I', name || '_before');
    else
      execute format('alter table orchestra.%I attach partition orchestra.%I for values from (minvalue) to (%s)',
        name, name || '_before', first);
    end if;
    -- Takes rows that no range was made for.
    execute format('create table orchestra.%I partition of orchestra.%I default', name || '_rest', name);
    for nth in 0..2 loop
      execute format('create table orchestra.%I partition of orchestra.%I for values from (%s) to (%s)',
        name || '_' || first + nth * 10000, name, first + nth * 10000, first + (nth + 1) * 10000);
    end loop;
  end loop;
end
$ranges$;

-- What lists go by, each behind the last entry of the page before; and the audit by its age, for its retention.
create index log_failed on orchestra.log (state, id) where state in ('FAILURE', 'ERROR', 'TIMEOUT', 'ABORTED');
create index audit_at on orchestra.audit (at);
create index audit_target on orchestra.audit (target, id);
create index audit_actor on orchestra.audit (actor, id);
create index unit_created_id on orchestra.unit (created_at, id);
create index unit_actor on orchestra.unit (actor, created_at, id);
drop index orchestra.unit_created;
create index sync_state on orchestra.sync (state, id);
create index transfer_waiting on orchestra.transfer (id) where ended_at is null;
create index finding_server on orchestra.finding (server_id, id);
`

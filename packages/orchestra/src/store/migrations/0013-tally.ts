export const change = ''

export const older = 'go on'

/**
 * How much there is of what on each server, by backend, so that nobody who asks has to count. Whoever writes places or operations adds
 * what his statement changed, as a row of its own: a row that all write would be waited for by all. Now and then these are summed up.
 */
export const sql = `
create table orchestra.tally (
  server_id integer not null,
  backend text not null,
  placed bigint not null default 0,
  stale bigint not null default 0,
  kept bigint not null default 0,
  waiting bigint not null default 0,
  running bigint not null default 0,
  failing bigint not null default 0,
  held bigint not null default 0,
  primary key (server_id, backend)
);

-- What came to it since, and went.
create table orchestra.tally_change (
  id bigint generated always as identity primary key,
  server_id integer not null,
  backend text not null,
  placed bigint not null default 0,
  stale bigint not null default 0,
  kept bigint not null default 0,
  waiting bigint not null default 0,
  running bigint not null default 0,
  failing bigint not null default 0,
  held bigint not null default 0
);

-- As its owner, like the triggers of watched tables: who writes a place needs no rights here.
create function orchestra.tally_places() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $tally$
begin
  if tg_op = 'INSERT' then
    insert into orchestra.tally_change (server_id, backend, placed, stale, kept)
    select server_id, backend, count(*), count(*) filter (where stale), count(*) filter (where want = 'leave' and policy = 'keep')
    from now_there group by server_id, backend;
  elsif tg_op = 'DELETE' then
    insert into orchestra.tally_change (server_id, backend, placed, stale, kept)
    select server_id, backend, -count(*), -count(*) filter (where stale), -count(*) filter (where want = 'leave' and policy = 'keep')
    from there_before group by server_id, backend;
  else
    insert into orchestra.tally_change (server_id, backend, stale, kept)
    select server_id, backend, sum(stale), sum(kept) from (
      select server_id, backend, 1 as stale, 0 as kept from now_there where stale
      union all select server_id, backend, -1, 0 from there_before where stale
      union all select server_id, backend, 0, 1 from now_there where want = 'leave' and policy = 'keep'
      union all select server_id, backend, 0, -1 from there_before where want = 'leave' and policy = 'keep'
    ) as row group by server_id, backend having sum(stale) <> 0 or sum(kept) <> 0;
  end if;
  return null;
end
$tally$;

create function orchestra.tally_operations() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $tally$
begin
  if tg_op = 'INSERT' then
    insert into orchestra.tally_change (server_id, backend, waiting, running, failing, held)
    select server_id, coalesce(backend, ''), count(*) filter (where state = 'waiting'), count(*) filter (where state = 'running'),
      count(*) filter (where state = 'waiting' and outcome in ('failure', 'timeout')),
      count(*) filter (where state = 'waiting' and held)
    from now_there where state in ('waiting', 'running') and server_id is not null group by server_id, coalesce(backend, '');
  elsif tg_op = 'DELETE' then
    insert into orchestra.tally_change (server_id, backend, waiting, running, failing, held)
    select server_id, coalesce(backend, ''), -count(*) filter (where state = 'waiting'), -count(*) filter (where state = 'running'),
      -count(*) filter (where state = 'waiting' and outcome in ('failure', 'timeout')),
      -count(*) filter (where state = 'waiting' and held)
    from there_before where state in ('waiting', 'running') and server_id is not null group by server_id, coalesce(backend, '');
  else
    insert into orchestra.tally_change (server_id, backend, waiting, running, failing, held)
    select server_id, backend, waiting, running, failing, held from (
      select server_id, coalesce(backend, '') as backend,
        coalesce(sum(one) filter (where state = 'waiting'), 0) as waiting,
        coalesce(sum(one) filter (where state = 'running'), 0) as running,
        coalesce(sum(one) filter (where state = 'waiting' and outcome in ('failure', 'timeout')), 0) as failing,
        coalesce(sum(one) filter (where state = 'waiting' and held), 0) as held
      from (
        select server_id, backend, state, outcome, held, 1 as one from now_there where state in ('waiting', 'running')
        union all
        select server_id, backend, state, outcome, held, -1 from there_before where state in ('waiting', 'running')
      ) as row where server_id is not null group by server_id, coalesce(backend, '')
    ) as changed where waiting <> 0 or running <> 0 or failing <> 0 or held <> 0;
  end if;
  return null;
end
$tally$;

create trigger tally_insert after insert on orchestra.placement referencing new table as now_there
  for each statement execute function orchestra.tally_places();
create trigger tally_update after update on orchestra.placement referencing old table as there_before new table as now_there
  for each statement execute function orchestra.tally_places();
create trigger tally_delete after delete on orchestra.placement referencing old table as there_before
  for each statement execute function orchestra.tally_places();
create trigger tally_insert after insert on orchestra.operation referencing new table as now_there
  for each statement execute function orchestra.tally_operations();
create trigger tally_update after update on orchestra.operation referencing old table as there_before new table as now_there
  for each statement execute function orchestra.tally_operations();
create trigger tally_delete after delete on orchestra.operation referencing old table as there_before
  for each statement execute function orchestra.tally_operations();

-- From here on nobody writes either until this is committed.
insert into orchestra.tally (server_id, backend, placed, stale, kept)
select server_id, backend, count(*), count(*) filter (where stale), count(*) filter (where want = 'leave' and policy = 'keep')
from orchestra.placement group by server_id, backend;
insert into orchestra.tally (server_id, backend, waiting, running, failing, held)
select server_id, coalesce(backend, ''), count(*) filter (where state = 'waiting'), count(*) filter (where state = 'running'),
  count(*) filter (where state = 'waiting' and outcome in ('failure', 'timeout')),
  count(*) filter (where state = 'waiting' and held)
from orchestra.operation where state in ('waiting', 'running') and server_id is not null
group by server_id, coalesce(backend, '')
on conflict (server_id, backend) do update set waiting = excluded.waiting, running = excluded.running,
  failing = excluded.failing, held = excluded.held;

-- The first of a server that waits is what waits longest. Places say what is due.
drop index orchestra.operation_due;
create index operation_waiting on orchestra.operation (server_id, id) where state = 'waiting';
`

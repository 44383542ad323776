export const change = ''

/** What stands since before everything was marked on its server: it is trusted once, and marked then. */
export const sql = `
-- The default of what is there already, and then that of what comes: neither writes a row.
alter table orchestra.placement add column unmarked boolean not null default true;
alter table orchestra.placement alter column unmarked set default false;
alter table orchestra.remnant add column unmarked boolean not null default true;
alter table orchestra.remnant alter column unmarked set default false;

-- Backends whose shared parts stand on a server since then.
create table orchestra.unmarked (
  server_id integer not null references orchestra.server (id) on delete cascade,
  backend text not null,
  primary key (server_id, backend)
);
insert into orchestra.unmarked (server_id, backend)
select server_id, backend from orchestra.placement where applied_at is not null or log_id is not null
union
select server_id, backend from orchestra.log;
`

/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases decide without tickets, about objects of which others have one. */
export const older = 'stop'

/**
 * What is being decided just now. Whoever decides about objects has a ticket for them, and writes what is wanted only while that is
 * here: so of one object there is one decision at a time, and of any number of objects any number. Few rows, that live for seconds.
 */
export const sql = `
create table orchestra.ticket (
  -- Of two that want the same object, the older goes first.
  id bigint generated always as identity primary key,
  owner text not null,
  -- What its owner comes back for until it has it; of such a name there is one.
  name text unique,
  -- Hashes of the objects; null for all there are.
  objects bigint[],
  models text[] not null,
  -- Changes that are being decided, which others need not read.
  changes int8multirange not null default '{}',
  expires_at timestamptz not null
);

-- Who may ask for synchronizations may tell the audit of that, and of nothing else.
create function orchestra.audit_sync(text, text, jsonb) returns void language sql security definer
  set search_path = pg_catalog, pg_temp as $audit$
  with entered as (
    insert into orchestra.audit (actor, action, target, detail) values ($1, 'sync.start', $2, $3) returning id, action, target
  )
  insert into orchestra.event (kind, detail)
  select 'acted', jsonb_build_object('audit', id, 'action', action, 'target', target) from entered
$audit$;
revoke all on function orchestra.audit_sync(text, text, jsonb) from public;
`

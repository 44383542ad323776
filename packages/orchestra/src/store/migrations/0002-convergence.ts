/** A change may concern one place of its object only: what a check found to be wrong there is looked at there. */
export const change = `
alter table orchestra.change
  add column if not exists backend text,
  add column if not exists server_id integer`

/** Synchronization, moves, renames and what stands on servers without belonging there. */
export const sql = `
alter table orchestra.operation
  -- What the object is called on its server once this operation has succeeded; null for actions that place nothing.
  add column identity text,
  -- A delete that follows a move: servers on which the object must stand before it may run.
  add column gate integer[];

alter table orchestra.placement
  -- What was rendered, secrets by name, as [title, text] pairs: what a plan shows its differences against.
  add column rendered jsonb,
  -- The backend would render the same object differently now.
  add column stale boolean not null default false,
  -- Names that the object was to get by renames that did not succeed, with their snapshots: parts may stand there.
  add column tried jsonb,
  -- Its delete was decided when nothing had ever been tried there; what is tried since makes the collector decide anew.
  add column unmade boolean not null default false,
  -- Its data is on another server: it was to come from there and has not, or it has gone there.
  add column hollow boolean not null default false,
  -- Since when the object belongs elsewhere and this copy stays.
  add column kept_at timestamptz,
  drop constraint placement_state_check,
  add constraint placement_state_check check (state in ('pending', 'applied', 'failed', 'deleting', 'kept'));
create index placement_stale on orchestra.placement (backend, server_id) where stale;
create index placement_kept on orchestra.placement (backend, server_id) where state = 'kept';
-- Begins with the name: an index that begins with the lane is what the planner takes for every probe of a fresh table.
create index placement_identity on orchestra.placement (md5(identity), server_id, backend);
-- Every save asks whether its name is free; this one stays small, however many objects share a name.
create index placement_deleting on orchestra.placement (md5(identity), server_id, backend) where state = 'deleting';

-- Copies that a rename left on purpose: the placement of the object goes by its new identity.
create table orchestra.remnant (
  id bigint generated always as identity primary key,
  backend text not null,
  server_id integer not null references orchestra.server (id),
  model text not null,
  object_key text not null,
  identity text not null,
  snapshot jsonb,
  created_at timestamptz not null default now()
);
create index remnant_object on orchestra.remnant (md5(object_key), server_id, backend, model);
create unique index remnant_identity on orchestra.remnant (md5(identity), server_id, backend);

-- What must not be removed: an object (for one backend or all), or all objects of a backend.
create table orchestra.protection (
  id bigint generated always as identity primary key,
  backend text,
  model text,
  object_key text,
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  check (backend is not null or object_key is not null),
  check ((model is null) = (object_key is null))
);
create unique index protection_subject on orchestra.protection
  (coalesce(backend, ''), coalesce(model, ''), md5(coalesce(object_key, '')));

-- Data of one object on its way from one server to another.
create table orchestra.transfer (
  id bigint generated always as identity primary key,
  backend text not null,
  model text not null,
  object_key text not null,
  key_hash uuid not null generated always as (md5(object_key)::uuid) stored,
  from_server integer not null references orchestra.server (id),
  to_server integer not null references orchestra.server (id),
  step text not null default 'copy' check (step in ('copy', 'verify', 'switch', 'done')),
  outcome text check (outcome in ('success', 'cancelled')),
  owner uuid,
  expires_at timestamptz,
  due_at timestamptz not null default '-infinity',
  attempt integer not null default 0,
  bytes bigint not null default 0,
  error text,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create index transfer_object on orchestra.transfer (key_hash, model, backend);
create unique index transfer_open on orchestra.transfer (key_hash, model, backend, from_server) where ended_at is null;

-- One synchronization: first the database is compared with the placements, page by page, then each server with its placements.
create table orchestra.sync (
  id bigint generated always as identity primary key,
  mode text not null check (mode in ('check', 'sync')),
  -- What it is about; null is everything.
  server_id integer references orchestra.server (id),
  backend text,
  model text,
  object_key text,
  keys jsonb,
  -- How many objects of one backend on one server it may remove; null is the usual bound.
  allow_deletes integer,
  -- Whether the servers are asked, or only the database is compared.
  inspects boolean not null default true,
  unit_id uuid not null default gen_random_uuid(),
  actor text,
  source text not null,
  state text not null default 'comparing'
    check (state in ('comparing', 'inspecting', 'done', 'stopped', 'failed', 'cancelled')),
  cursor jsonb,
  counts jsonb not null default '{}',
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index sync_open on orchestra.sync (id) where ended_at is null;

-- What a synchronization would remove, gathered before any of it is removed, so that too much stops it.
create table orchestra.sync_removal (
  id bigint generated always as identity primary key,
  sync_id bigint not null references orchestra.sync (id) on delete cascade,
  server_id integer not null references orchestra.server (id),
  backend text not null,
  model text not null,
  object_key text not null
);
create index sync_removal_sync on orchestra.sync_removal (sync_id, id);

-- One backend on one server, looked at by a synchronization: work of the server's lane.
create table orchestra.inspection (
  id bigint generated always as identity primary key,
  sync_id bigint not null references orchestra.sync (id) on delete cascade,
  server_id integer not null references orchestra.server (id),
  backend text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  cursor jsonb,
  total integer not null default 0,
  seen integer not null default 0,
  counts jsonb not null default '{}',
  attempt integer not null default 0,
  due_at timestamptz not null default '-infinity',
  error text,
  started_at timestamptz,
  ended_at timestamptz,
  unique (sync_id, server_id, backend)
);
create index inspection_open on orchestra.inspection (server_id, due_at) where ended_at is null;

-- What the last look at a server found otherwise than it should be. What is in order has no row.
create table orchestra.finding (
  id bigint generated always as identity primary key,
  inspection_id bigint not null,
  server_id integer not null references orchestra.server (id),
  backend text not null,
  -- Null where something was found that no object stands for.
  model text,
  object_key text,
  identity text not null,
  state text not null check (state in ('drifted', 'missing', 'unknown', 'unowned', 'orphaned')),
  detail jsonb not null default '{}',
  found_at timestamptz not null default now()
);
create unique index finding_identity on orchestra.finding
  (md5(identity), server_id, backend, coalesce(model, ''), md5(coalesce(object_key, '')));
`

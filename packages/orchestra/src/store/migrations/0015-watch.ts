/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases write entries of the audit that others chain. */
export const older = 'go on'

/**
 * What operators are told. Entries of the audit get their link some time after they were written, by whichever worker comes by: who
 * writes one waits for nobody.
 */
export const sql = `
alter table orchestra.audit
  add column link bigint,
  add column prev_hash text,
  -- SHA-256 of all the other columns.
  add column hash text;
create unique index audit_link on orchestra.audit (link);
create index audit_unlinked on orchestra.audit (id) where link is null;

-- One row: behind what retention has dropped the chain begins, and there it ends.
create table orchestra.audit_chain (
  single boolean primary key default true check (single),
  anchor_link bigint not null default 0,
  anchor_hash text not null default repeat('0', 64),
  -- When the last entry was written that was dropped.
  anchor_at timestamptz,
  head_link bigint not null default 0,
  head_hash text not null default repeat('0', 64)
);
insert into orchestra.audit_chain default values;

-- How many operations ended how, ever: what metrics count has to outlive what retention deletes.
create table orchestra.outcome_total (
  backend text not null,
  outcome text not null,
  operations bigint not null,
  primary key (backend, outcome)
);
-- One row: up to where events are counted in it.
create table orchestra.outcome_cursor (
  single boolean primary key default true check (single),
  cursor text not null default pg_current_snapshot()::text
);
insert into orchestra.outcome_cursor default values;

-- What went wrong, by its cause: one row for all times that it did.
create table orchestra.incident (
  id bigint generated always as identity primary key,
  -- SHA-256 of server, backend, outcome and normalized error.
  key text not null unique,
  server_id integer,
  backend text,
  outcome text not null,
  error text,
  state text not null default 'open' check (state in ('open', 'recovered', 'resolved')),
  -- Objects that it is about, now and at most, and when it was told of last.
  objects bigint not null,
  most bigint not null,
  told bigint not null,
  samples jsonb not null default '[]',
  log_id bigint,
  opened_at timestamptz not null,
  seen_at timestamptz not null,
  -- When it was first seen no more.
  absent_at timestamptz,
  ended_at timestamptz,
  regressions integer not null default 0,
  -- Seconds that it lasted when it recovered by itself, and how often it did.
  lasted double precision not null default 0,
  recoveries integer not null default 0,
  is_lasting boolean not null default false,
  resolved_by text,
  muted_until timestamptz,
  muted_by text,
  muted_reason text
);
create index incident_open on orchestra.incident (id) where state = 'open';
create index incident_ended on orchestra.incident (ended_at);

-- What became of an incident, and when.
create table orchestra.incident_step (
  id bigint generated always as identity primary key,
  incident_id bigint not null references orchestra.incident (id) on delete cascade,
  at timestamptz not null,
  kind text not null,
  objects bigint not null,
  -- Who did it; null when it was seen.
  actor text,
  muted boolean not null default false,
  -- Handed on to the channels.
  handed boolean not null default false
);
create index incident_step_incident on orchestra.incident_step (incident_id, id);
create index incident_step_unhanded on orchestra.incident_step (id) where not handed;

-- Where operators are told. What is secret of it is sealed like what is secret of an object, so that keys can be changed.
create table orchestra.channel (
  id bigint generated always as identity primary key,
  name text not null unique,
  -- No model has this name.
  model text not null default '#channel' check (model = '#channel'),
  kind text not null check (kind in ('mail', 'webhook')),
  target jsonb not null,
  secret jsonb not null,
  -- What happens within so many seconds is told at once.
  digest_seconds integer,
  -- It is told nothing but that all is well, every so many seconds.
  heartbeat_seconds integer,
  beat_at timestamptz,
  beat_error text,
  created_at timestamptz not null default now(),
  created_by text not null
);

create table orchestra.delivery (
  id bigint generated always as identity primary key,
  channel_id bigint not null references orchestra.channel (id) on delete cascade,
  message jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  attempt integer not null default 0,
  due_at timestamptz not null default now(),
  error text,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create index delivery_due on orchestra.delivery (due_at) where state = 'waiting';
create index delivery_channel on orchestra.delivery (channel_id, id);
create index delivery_ended on orchestra.delivery (ended_at);
`

/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases never read these; an approval that they take or end they do as before. */
export const older = 'go on'

/** Plans that are kept, so that others look at them and approve them, and so that exactly what was shown is done. */
export const sql = `
create table orchestra.plan (
  id bigint generated always as identity primary key,
  -- SHA-256 of all that it would do and how it was asked for: approvals are of that.
  fingerprint text not null,
  state text not null default 'open' check (state in ('open', 'applied', 'rejected', 'stale', 'discarded')),
  -- What it was asked for; null is everything.
  server_id integer references orchestra.server (id),
  backend text,
  model text,
  object_key text,
  -- As it is given back to whoever does it.
  content jsonb not null,
  -- How many operations there are, and how many of each kind.
  operations integer not null,
  counts jsonb not null,
  -- How many objects it removes, and how many servers it is about.
  removes integer not null,
  servers integer not null,
  -- The first of those for which nothing can be done, how many there are, and how many scripts.
  failures jsonb not null,
  failed integer not null,
  scripts integer not null,
  -- Why it would be stopped.
  guard text,
  created_at timestamptz not null default now(),
  created_by text not null,
  account_id integer,
  ended_at timestamptz,
  ended_by text,
  reason text,
  -- What was otherwise when somebody wanted to do it.
  moved jsonb,
  unit_id uuid
);
create index plan_open on orchestra.plan (fingerprint) where state = 'open';
create index plan_created on orchestra.plan (created_at);

create table orchestra.plan_operation (
  plan_id bigint not null references orchestra.plan (id) on delete cascade,
  number integer not null,
  shown jsonb not null,
  -- Secrets by name; null where they were not asked for.
  differences jsonb,
  primary key (plan_id, number)
);

-- Secrets by name.
create table orchestra.plan_script (
  plan_id bigint not null references orchestra.plan (id) on delete cascade,
  number integer not null,
  shown jsonb not null,
  primary key (plan_id, number)
);
`

export const change = ''

export const older = 'go on'

/** Configurations that workers have or had, each with its number, and which of them a worker has. */
export const sql = `
create table orchestra.generation (
  number integer generated always as identity primary key,
  -- Of models, backends, schedules and releases: what starts again has the number that it had.
  fingerprint text not null unique,
  models text[] not null,
  -- By name the model of each.
  backends jsonb not null,
  host text not null,
  at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);

alter table orchestra.worker
  -- Null for a worker of an earlier release, which says nothing of what it knows.
  add column generation integer,
  -- Why it takes nothing any more.
  add column halted text;

alter table orchestra.lane
  -- The configuration of who left it last, having done what it could.
  add column left_by integer,
  add column left_at timestamptz;
`

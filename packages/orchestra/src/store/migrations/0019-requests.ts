/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases take none of it, and do not say that they would. */
export const older = 'go on'

/**
 * What somebody asked for by way of a process that may not do it itself, because it holds neither the key nor ways to servers: a worker
 * does it in his name. Neither what it is given nor what it answers holds anything secret.
 */
export const sql = `
create table orchestra.request (
  id bigint generated always as identity primary key,
  verb text not null,
  -- JSON, as it was given: checked again by whoever does it.
  input text not null,
  -- He agrees to what cannot be taken back.
  agrees boolean not null,
  -- Who asked: looked up again when it is done. The key is the same for all that he asks.
  asker jsonb not null,
  asker_key text not null,
  -- Done twice it does no more than done once.
  repeatable boolean not null,
  state text not null default 'waiting'
    check (state in ('waiting', 'running', 'done', 'failed', 'cancelled', 'expired', 'unknown')),
  owner uuid,
  lease_until timestamptz,
  attempt integer not null default 0,
  cancelled_by text,
  progress jsonb,
  -- What it told beside its answer.
  notes jsonb not null default '[]',
  -- JSON, as the command prints it.
  result text,
  error jsonb,
  created_at timestamptz not null default now(),
  -- Nobody begins it after that.
  expires_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz
);
create index request_open on orchestra.request (id) where ended_at is null;
create index request_asker on orchestra.request (asker_key, id);
create index request_ended on orchestra.request (ended_at);

-- It does what is asked for in that table.
alter table orchestra.worker add column does_requests boolean not null default false;
`

/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers ask none of it: what a hook is told is taken by whoever serves the API. */
export const older = 'go on'

/** Programs elsewhere that may say that something is to be looked at, and what they said. */
export const sql = `
create table orchestra.hook (
  id integer generated always as identity primary key,
  name text not null unique,
  does text not null check (does in ('collect', 'check', 'sync')),
  -- Where it may do that; null is no limit.
  servers text[],
  backends text[],
  models text[],
  -- Never more than this one may; null for one that belongs to nobody.
  account_id integer references orchestra.account (id) on delete cascade,
  -- JSON pointers into what it is told, by what stands there.
  pointers jsonb not null,
  -- What its sender signs with is known to the sender alone, or of what he shows there is a hash.
  public_key bytea,
  secret_hash bytea,
  created_at timestamptz not null,
  created_by text not null,
  check (num_nonnulls(public_key, secret_hash) = 1)
);
create index hook_account on orchestra.hook (account_id);

create table orchestra.hook_delivery (
  id bigint generated always as identity primary key,
  hook_id integer not null references orchestra.hook (id) on delete cascade,
  -- As the sender numbers them.
  message text not null,
  -- A verb ends it in the transaction in which it does what it was told, so that it is done once.
  state text not null default 'received' check (state in ('received', 'done', 'refused')),
  result jsonb,
  error jsonb,
  received_at timestamptz not null,
  ended_at timestamptz,
  unique (hook_id, message)
);
create index hook_delivery_received on orchestra.hook_delivery (hook_id, received_at);
`

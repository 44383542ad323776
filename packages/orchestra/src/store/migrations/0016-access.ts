/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers ask none of it. */
export const older = 'go on'

/**
 * Who may what: people and programs, what proves that it is them, and what they were given. Of every secret there is only a hash, so
 * whoever reads a backup cannot come in by it.
 */
export const sql = `
create table orchestra.account (
  id integer generated always as identity primary key,
  name text not null unique,
  -- Parameters, salt and hash; null for whoever comes in another way.
  password text,
  -- Who somebody is for a provider of identities, and the groups that it told of at the last login.
  issuer text,
  subject text,
  groups text[] not null default '{}',
  disabled_at timestamptz,
  created_at timestamptz not null,
  created_by text not null,
  seen_at timestamptz,
  unique (issuer, subject),
  check ((issuer is null) = (subject is null))
);

create table orchestra.token (
  id integer generated always as identity primary key,
  name text not null,
  hash bytea not null unique,
  -- Never more than this one may; null for a program that belongs to nobody.
  account_id integer references orchestra.account (id) on delete cascade,
  -- From where it is taken; empty for everywhere.
  networks text[] not null default '{}',
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create unique index token_name on orchestra.token (name) where revoked_at is null;
create index token_account on orchestra.token (account_id);

create table orchestra.session (
  id bigint generated always as identity primary key,
  hash bytea not null unique,
  account_id integer not null references orchestra.account (id) on delete cascade,
  address text not null,
  agent text,
  created_at timestamptz not null,
  seen_at timestamptz not null
);
create index session_account on orchestra.session (account_id);

-- Lets somebody in once who has no password yet.
create table orchestra.login_link (
  hash bytea primary key,
  account_id integer not null references orchestra.account (id) on delete cascade,
  created_by text not null,
  expires_at timestamptz not null
);

-- By the hash of an address or a name, whether or not there is such a name.
create table orchestra.login_attempt (
  subject bytea primary key,
  count integer not null,
  since timestamptz not null
);
create index login_attempt_since on orchestra.login_attempt (since);

-- Beside those that every store has.
create table orchestra.role (
  name text primary key,
  permissions text[] not null,
  created_at timestamptz not null,
  created_by text not null
);

-- A role for somebody, for what is in all of its lists; null is no limit.
create table orchestra.binding (
  id integer generated always as identity primary key,
  role text not null,
  account_id integer references orchestra.account (id) on delete cascade,
  token_id integer references orchestra.token (id) on delete cascade,
  group_name text,
  backends text[],
  servers text[],
  models text[],
  actions text[],
  created_at timestamptz not null,
  created_by text not null,
  check (num_nonnulls(account_id, token_id, group_name) = 1)
);
create index binding_account on orchestra.binding (account_id);
create index binding_token on orchestra.binding (token_id);
create index binding_group on orchestra.binding (group_name);

-- Of one plan, by its fingerprint; the last word counts.
create table orchestra.approval (
  id bigint generated always as identity primary key,
  plan text not null,
  verdict text not null check (verdict in ('approved', 'rejected')),
  by text not null,
  account_id integer,
  reason text,
  at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index approval_plan on orchestra.approval (plan, id);
`

/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases never read it, and begin no request that says of which version something has to be. */
export const older = 'go on'

/** What programs ask for over HTTP under a key of their own is done once, however often they send it. */
export const sql = `
create table orchestra.idempotency (
  asker_key text not null,
  -- Method and path, as the table of endpoints has them.
  route text not null,
  -- SHA-256 of the key that was sent.
  key_hash bytea not null,
  -- Of all that was asked; that may hold a password, so it cannot be found out by trying.
  asked bytea not null,
  ended_at timestamptz,
  -- JSON; null where it told a secret, which is kept nowhere.
  answer text,
  -- Whoever does it lives that long.
  lease_until timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (asker_key, route, key_hash)
);
create index idempotency_created on orchestra.idempotency (created_at);

-- The versions of which what it is about has to be one; null for any.
alter table orchestra.request add column versions text[];
`

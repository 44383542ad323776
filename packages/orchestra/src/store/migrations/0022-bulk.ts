/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases do not know what is asked for by it, and say so of the request. */
export const older = 'go on'

/** What is done to many: each by itself, with an outcome of its own. It goes with the request that has it done. */
export const sql = `
create table orchestra.bulk (
  request_id bigint primary key references orchestra.request (id) on delete cascade,
  action text not null,
  reason text
);

create table orchestra.bulk_item (
  request_id bigint not null references orchestra.bulk (request_id) on delete cascade,
  -- In this order.
  number integer not null,
  item text not null,
  -- Of an object: there alone; null for wherever it is.
  server text,
  backend text,
  state text not null default 'waiting' check (state in ('waiting', 'done', 'refused', 'failed')),
  -- What the verb answered, or why it did not.
  detail jsonb,
  ended_at timestamptz,
  primary key (request_id, number)
);
`

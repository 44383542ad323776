/** Nothing of the table that the application's transactions write into. */
export const change = ''

export const older = 'go on'

/** What lanes remember, and who cancelled what, and when a look moved on last. */
export const sql = `
alter table orchestra.lane
  -- Runs that are over, of which the server keeps a journal until it is told to forget it.
  add column journals uuid[] not null default '{}';

alter table orchestra.operation
  -- Who wanted it not to be done; that may have come too late.
  add column cancelled_by text;
update orchestra.operation set cancelled_by = substr(error, length('cancelled by ') + 1)
where state = 'done' and outcome in ('revoked', 'aborted') and error like 'cancelled by %';

alter table orchestra.inspection
  -- When it was asked for, or moved on last.
  add column moved_at timestamptz not null default now();

create index operation_due on orchestra.operation (server_id, due_at) where state = 'waiting' and not held;
-- What the script of a whole configuration is about, beside however much waits there.
create index operation_running on orchestra.operation (server_id) where state = 'running';

create index operation_cancelled on orchestra.operation (id) where cancelled_by is not null;
`

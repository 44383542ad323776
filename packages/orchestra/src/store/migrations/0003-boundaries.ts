/** Who was logged in, whatever actor the transaction named. Null on what was recorded before this was kept. */
export const change = `
alter table orchestra.change add column if not exists login text;
alter table orchestra.change alter column login set default session_user`

/** What the database itself knows of a change, beside what was said of it; and how writers know that they have to wake somebody. */
export const sql = `
-- Everybody who was logged in where one of its changes was made.
alter table orchestra.unit add column logins text[] not null default '{}';

-- Until when a worker sleeps and has to be told of changes, in seconds since 1970; what is past is nobody. A sequence, because its
-- value is the same in every snapshot and costs its readers neither a lock nor a version of a row.
create sequence orchestra.asleep;
`

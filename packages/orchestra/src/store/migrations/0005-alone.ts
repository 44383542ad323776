/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** What a script ended in the middle of is tried again in a script of its own. */
export const sql = `
alter table orchestra.operation add column alone boolean not null default false;
create index operation_alone on orchestra.operation (server_id) where alone;
`

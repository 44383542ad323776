/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** What lanes remember. */
export const sql = `
alter table orchestra.lane
  -- Runs that are over, of which the server keeps a journal until it is told to forget it.
  add column journals uuid[] not null default '{}';
`

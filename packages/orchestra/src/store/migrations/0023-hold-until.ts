/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers before it end no hold; those of this release do. */
export const older = 'go on'

/** A hold may end by itself. */
export const sql = `
alter table orchestra.server add column held_until timestamptz;
create index server_held_until on orchestra.server (held_until) where held_until is not null;
`

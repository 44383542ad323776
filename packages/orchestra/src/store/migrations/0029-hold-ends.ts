/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases hold servers without an end, and know nothing of one. */
export const older = 'go on'

/**
 * An end is of the hold that it was said of. Who holds a server by an earlier release writes no end, and leaves the one that stands there of
 * a hold before.
 */
export const sql = `
alter table orchestra.server add column held_until_of timestamptz;
update orchestra.server set held_until_of = held_at where held_until is not null;
alter table orchestra.server add column hold_ends timestamptz
  generated always as (case when held_until_of = held_at then held_until end) stored;
drop index orchestra.server_held_until;
create index server_hold_ends on orchestra.server (hold_ends) where hold_ends is not null;
`

/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases do not work beside these names anyway (0014). */
export const older = 'go on'

/**
 * Whose is a name on a server: by one hash of both. Found by columns of which the lane's index has some, too, the planner takes that
 * one wherever its statistics know nothing of a server yet, and reads a whole lane for each name.
 */
export const sql = `
create index placement_named on orchestra.placement (hashtextextended(identity, server_id));
create index placement_asking on orchestra.placement (hashtextextended(want_identity, server_id));
drop index orchestra.placement_want;
`

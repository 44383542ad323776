/**
 * The trace of the request that makes a change: what the wrapped pool has set. A default, so that no trigger is another one by it. First
 * without, so that no row is written anew. In two parts: what is healed is made in another schema first, by its name.
 */
export const change = `
alter table orchestra.change add column if not exists trace text;
alter table orchestra.change alter column trace set default nullif(current_setting('orchestra' || '.trace', true), '')`

/** Workers of earlier releases write units without it. */
export const older = 'go on'

/** As W3C Trace Context writes it: the span that what a unit leads to belongs to. */
export const sql = `
alter table orchestra.unit add column trace text;
`

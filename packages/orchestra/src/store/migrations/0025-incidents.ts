/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers of earlier releases take what was merged for what it was. */
export const older = 'go on'

/** Who deals with an incident, and which are one. */
export const sql = `
alter table orchestra.incident
  add column acknowledged_at timestamptz,
  add column acknowledged_by text,
  add column acknowledged_note text,
  -- What fails for the cause of this one is the other's.
  add column merged_into bigint references orchestra.incident (id) on delete cascade;
create index incident_merged on orchestra.incident (merged_into) where merged_into is not null;
`

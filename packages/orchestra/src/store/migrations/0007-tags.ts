export const change = ''

/** Routes that lead to every server with certain tags. */
export const sql = `
alter table orchestra.server add column tags text[] not null default '{}';

-- A route leads to one server, or to all that have each of its tags.
alter table orchestra.route
  alter column server_id drop not null,
  add column tags text[] not null default '{}',
  add constraint route_destination check ((server_id is null) = (cardinality(tags) > 0));
`

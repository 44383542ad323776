/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** What workers of earlier releases keep meanwhile has no places: it is seen by those alone who may see all. */
export const older = 'go on'

/** What a plan is about, each once: what leaves another server for where it was asked for is not what it was asked for. */
export const sql = `
alter table orchestra.plan add column places jsonb;
update orchestra.plan set places = coalesce((
  select jsonb_agg(distinct jsonb_build_object(
    'server_id', (select max(server.id) from orchestra.server where server.name = one ->> 'server'),
    'backend', one ->> 'backend',
    'model', substr(one ->> 'object', 1, strpos(one ->> 'object', ':') - 1),
    'action', one ->> 'action'))
  from (
    select shown from orchestra.plan_operation where plan_id = plan.id
    union all select * from jsonb_array_elements(plan.content -> 'operations')
  ) as all_of_it (one)), '[]');
`

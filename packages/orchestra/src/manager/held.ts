import type { Config } from '../config/config.ts'
import type { Duties } from '../generation/index.ts'
import type { Queryable } from '../store/index.ts'

/**
 * Routes have changed: objects that waited for a disabled one are looked at again, for their same units. What no table holds
 * is taken along. Objects of models that others decide are left to them.
 */
export async function lookAgainAtHeld(
  db: Queryable,
  config: Config,
  decided: Duties['models'] = [...config.models.keys()],
): Promise<void> {
  const models = [...config.models.values()].filter((model) => model.table === null)
  await db.query(
    `with again as (
       insert into orchestra.change (unit_id, actor, source, login, model, action, keys, payload)
       select o.unit_id, u.actor, u.source, null, o.model, o.action, jsonb_agg(distinct o.keys), given.payload
       from orchestra.operation o
       cross join lateral (select case when o.model = any($1) then o.snapshot end as payload) given
       left join orchestra.unit u on u.id = o.unit_id
       where o.state = 'waiting' and o.held and o.model = any($2)
       group by o.unit_id, u.actor, u.source, o.model, o.action, given.payload, case when given.payload is not null then o.keys end
       returning 1
     )
     select pg_notify('orchestra_change', '') from again limit 1`,
    [models.map((model) => model.name), decided],
  )
}

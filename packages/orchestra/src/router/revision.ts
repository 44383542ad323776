import { announce } from '../server/control.ts'
import { type Queryable, readSetting } from '../store/index.ts'

/** Marks the set of routes as changed, in the transaction that changes it. Concurrent changes wait for each other here. */
export async function touchRoutes(tx: Queryable): Promise<void> {
  await tx.query(
    `insert into orchestra.setting (name, value) values ('routes', '1')
     on conflict (name) do update set value = to_jsonb((setting.value #>> '{}')::bigint + 1)`,
  )
  await announce(tx, 'routes')
}

/** A number that grows with every change of the routes; 0 before the first. */
export async function routesRevision(store: Queryable): Promise<number> {
  return (await readSetting<number>(store, 'routes')) ?? 0
}

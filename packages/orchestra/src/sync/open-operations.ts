import { formatKey } from '../config/key.ts'
import { foundState } from '../operations/found-state.ts'
import type { Queryable } from '../store/index.ts'
import type { NamedKey } from './pages.ts'

/** An operation that has not ended. */
export interface OpenOperation {
  backend: string | null
  serverId: number | null
  action: string
  snapshot: unknown
  identity: string | null
  /** What becomes of a copy that leaves. */
  leave: 'remove' | 'migrate' | 'keep' | null
  held: boolean
  error: string | null
}

/** Saves and deletes of these objects that wait or run, by `model:key`. */
export async function openOperations(
  db: Queryable,
  objects: readonly NamedKey[],
): Promise<Map<string, OpenOperation[]>> {
  const rows = await db.query<OpenOperation & { name: string }>(OPEN, [
    JSON.stringify(objects.map(({ model, key }) => ({ model, object_key: formatKey(key) }))),
  ])
  return Map.groupBy(rows, (row) => row.name)
}

/**
 * `offset 0` makes it one probe for each object: joined freely, a table without statistics is read whole for each. Where nothing is
 * open at all, as when nothing has changed, that is asked for once.
 */
const OPEN = `
select o.model || ':' || o.object_key as name, o.backend, o.server_id as "serverId", o.action, o.snapshot, o.identity,
  o.held, o.error, p.policy as leave
from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text)
cross join lateral (
  select * from orchestra.operation one
  where one.key_hash = md5(asked.object_key)::uuid and one.model = asked.model and one.object_key = asked.object_key
    and ${foundState('one')} in ('waiting', 'running') and one.action in ('save', 'delete')
  offset 0
) o
left join orchestra.placement p on p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
  and p.server_id = o.server_id and p.operation_id = o.id
where exists (select from orchestra.operation where state in ('waiting', 'running'))
order by o.id`

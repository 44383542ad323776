import type { Key } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'
import type { Change } from './coalesce.ts'

/** Keys in one change, as capture writes them. */
const KEYS_PER_CHANGE = 1_000

/** Every row of a model's table, or of a table that belongs to it, is gone: a trigger names none of them, since it reads none. */
export function isTruncation({ action }: Pick<Change, 'action'>): boolean {
  return action === 'truncate'
}

/** What a truncated table may have held: objects that stand somewhere, or that something waits for. */
const KNOWN = `
  select model, key_hash, keys from orchestra.placement
  union
  select model, key_hash, keys from orchestra.operation where state = 'waiting'`

/** Makes truncations changes of the objects that they may have taken away, for their own units. */
export async function spreadTruncations(tx: Queryable): Promise<void> {
  await tx.query(
    `with truncated as (
       delete from orchestra.change where action = 'truncate' and due_at <= now() returning *
     ), numbered as (
       select t.id, known.keys, (row_number() over (partition by t.id order by known.key_hash) - 1) / ${KEYS_PER_CHANGE} as page
       from truncated t join (${KNOWN}) known using (model)
     )
     insert into orchestra.change (unit_id, actor, source, login, model, action, keys, at)
     select t.unit_id, t.actor, t.source, t.login, t.model, 'save',
       coalesce(jsonb_agg(n.keys) filter (where n.keys is not null), '[]'), t.at
     from truncated t left join numbered n using (id)
     group by t.id, t.unit_id, t.actor, t.source, t.login, t.model, t.at, n.page`,
  )
}

/** The same without writing anything. */
export async function withTruncated<Some extends Change>(
  db: Queryable,
  changes: readonly Some[],
): Promise<Some[]> {
  const models = [...new Set(changes.filter(isTruncation).map(({ model }) => model))]
  if (models.length === 0) return [...changes]
  const known = await db.query<{ model: string; keys: Key }>(
    `select model, keys from (${KNOWN}) known where model = any($1::text[])`,
    [models],
  )
  const keysOf = Map.groupBy(known, ({ model }) => model)
  return changes.map((change) =>
    isTruncation(change)
      ? { ...change, action: 'save', keys: (keysOf.get(change.model) ?? []).map(({ keys }) => keys) }
      : change,
  )
}

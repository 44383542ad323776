import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'

/** Whether anything is known of an object: it stands somewhere, stood there, or something was asked of it. */
export async function isObjectKnown(store: Queryable, model: string, key: Key): Promise<boolean> {
  if ((await changesIn(store).countOf(model, key)) > 0) return true
  const [row] = await store.query<{ known: boolean }>(KNOWN, [model, formatKey(key)])
  return row?.known === true
}

/** Objects of a model that go by a name on a server, or have a key like it. */
export async function objectsNamed(store: Queryable, model: string, name: string): Promise<string[]> {
  const rows = await store.query<{ object: string }>(
    `select distinct model || ':' || object_key as object from orchestra.placement
     where md5(identity) = md5($2::text) and identity = $2 and model = $1 limit 3`,
    [model, name],
  )
  return rows.map(({ object }) => object)
}

const KNOWN = `
select exists (select from orchestra.placement where key_hash = md5($2::text)::uuid and object_key = $2 and model = $1)
  or exists (select from orchestra.operation where key_hash = md5($2::text)::uuid and object_key = $2 and model = $1)
  or exists (select from orchestra.protection where object_key = $2 and model = $1) as known`

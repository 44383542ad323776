import type { Queryable } from '../store/index.ts'

const SETTING = 'replaced'

/** Models whose table is another than it was. That it holds none of what stands may be an accident, however little it is. */
export async function replacedModels(db: Queryable): Promise<ReadonlySet<string>> {
  const [row] = await db.query<{ value: string[] }>('select value from orchestra.setting where name = $1', [
    SETTING,
  ])
  return new Set(row?.value ?? [])
}

/** From now on no comparison removes more than a share of these models' objects, until one has compared them all. */
export async function noteReplaced(tx: Queryable, models: readonly string[]): Promise<void> {
  if (models.length > 0) await write(tx, [...(await replacedModels(tx)), ...models])
}

/** A comparison of all their objects found no more to remove than it may. */
export async function acceptReplaced(
  tx: Queryable,
  models: readonly { readonly name: string }[],
): Promise<void> {
  const known = await replacedModels(tx)
  const left = [...known].filter((model) => !models.some(({ name }) => name === model))
  if (left.length < known.size) await write(tx, left)
}

async function write(tx: Queryable, models: readonly string[]): Promise<void> {
  await tx.query(
    `insert into orchestra.setting (name, value) values ($1, $2)
     on conflict (name) do update set value = excluded.value`,
    [SETTING, JSON.stringify([...new Set(models)].sort())],
  )
}

import { type Queryable, readSetting, writeSetting } from '../store/index.ts'

const SETTING = 'replaced'

/** Models whose table is another than it was. That it holds none of what stands may be an accident, however little it is. */
export async function replacedModels(db: Queryable): Promise<ReadonlySet<string>> {
  return new Set(await readSetting<string[]>(db, SETTING))
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
  await writeSetting(tx, SETTING, [...new Set(models)].sort())
}

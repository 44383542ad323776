import { loadObjects } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatKey } from '../config/key.ts'
import type { Key, Model } from '../config/model.ts'
import { sourceOf } from '../source/index.ts'
import type { Store } from '../store/index.ts'

/** What is wrong with the fields of an object, as its schema says it; null where they are not what is wrong. */
export async function fieldFaults(
  store: Store,
  config: Config,
  { model: name, key }: { model: string; key: Key },
): Promise<string[] | null> {
  const model = config.models.get(name)
  if (model === undefined || model.table === null) return null
  const loaded = (await loadObjects(model, [key], sourceOf(store))).get(formatKey(key))
  if (loaded?.kind !== 'invalid') return null
  return faultsIn(model, formatKey(key), loaded.reason)
}

/**
 * Only what the schema says of a field passes: what its own code, a loader or a database have to say is for operators. Nothing passes
 * that says it has to do with a secret.
 */
export function faultsIn(
  model: Pick<Model, 'name' | 'schema'>,
  key: string,
  reason: string,
): string[] | null {
  const start = `${model.name}:${key} does not fit its schema: `
  if (!reason.startsWith(start)) return null
  const fields = 'shape' in model.schema ? Object.keys(model.schema.shape as object) : []
  return reason
    .slice(start.length)
    .split(/; (?=[\w().]+: )/)
    .filter((one) => fields.includes(one.split(/[.:]/, 1)[0] ?? '') && !/secret/i.test(one))
    .map((one) => one.slice(0, LONGEST_FAULT))
}

const LONGEST_FAULT = 300

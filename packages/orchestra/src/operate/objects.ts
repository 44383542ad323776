import { fromSnapshot, type Loaded, loadObjects } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject, parseObject } from '../config/key.ts'
import type { Key, Model } from '../config/model.ts'
import { modelNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import type { NamedObject } from '../router/index.ts'
import { sourceOf } from '../source/index.ts'
import type { Store } from '../store/index.ts'

/**
 * An object that a person names, `site:12`, of whatever model.
 * @throws OrchestraError ORC_USAGE
 */
export function readObject(text: string): { model: string; key: Key } {
  const object = parseObject(text)
  if (object !== undefined) return object
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(text)} names no object`, {
    hint: 'Write MODEL:KEY, for example site:12; the parts of a composite key are joined by commas',
  })
}

/** An object that a person names, `site:12`, with its model. */
export function namedObject(config: Config, text: string): { model: Model; key: Key } {
  const parsed = readObject(text)
  const model = modelNamed(config, parsed.model)
  if (model.table === null || parsed.key.length === model.key.length) return { model, key: parsed.key }
  throw new OrchestraError(
    'ORC_USAGE',
    `The key of ${model.name} is ${model.key.join(', ')}, and ${JSON.stringify(text)} gives ${parsed.key.length} parts`,
    {
      hint: `Write ${model.name}:${model.key.map((part) => part.toUpperCase()).join(',')}; a comma inside of a part is \\,`,
    },
  )
}

/** The present state of one object, as its loader reads it. */
export async function loadObject(store: Store, model: Model, key: Key): Promise<Loaded> {
  if (model.table === null) return { kind: 'gone' }
  const loaded = await loadObjects(model, [key], sourceOf(store))
  return loaded.get(formatKey(key)) ?? { kind: 'gone' }
}

/** Some real objects of a model: rows of its table, or what was placed of a model that no table holds. */
export async function someObjects(store: Store, model: Model, limit: number): Promise<NamedObject[]> {
  if (model.table === null) return placedObjects(store, model, limit)
  const source = sourceOf(store)
  // A route may be there before its table, as `up` is.
  if ((await source.unreadable([model])).get(model) === 'missing') return []
  const keys = await source.keysAfter(model, null, limit)
  const loaded = await loadObjects(model, keys, source)
  return [...loaded].flatMap(([key, state]) =>
    state.kind === 'present' ? [{ name: `${model.name}:${key}`, object: state.object }] : [],
  )
}

async function placedObjects(store: Store, model: Model, limit: number): Promise<NamedObject[]> {
  const rows = await store.query<{ keys: Key; snapshot: unknown }>(
    `select distinct on (object_key) keys, snapshot from orchestra.placement
     where model = $1 and snapshot is not null order by object_key limit $2`,
    [model.name, limit],
  )
  return rows.map(({ keys, snapshot }) => ({
    name: formatObject(model.name, keys),
    object: fromSnapshot(snapshot, store.keyring.for(model.name, formatKey(keys))),
  }))
}

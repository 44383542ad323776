import type { Config } from '../config/config.ts'
import { formatKey, formatObject, parseObject } from '../config/key.ts'
import type { Key, Model } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import type { Change, Rows } from '../source/index.ts'
import type { Keyring, Seal } from '../store/keyring.ts'
import { coalesce, type Wanted } from './coalesce.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import { type Loaded, loadObjects, validate } from './load.ts'
import type { Placed } from './placed.ts'
import { protectionOf } from './protection.ts'
import { fromSnapshot, openObject } from './snapshot.ts'
import type { World } from './world.ts'

export interface LookContext {
  config: Config
  route: World['route']
  keyring: Keyring
  /** The application's tables. */
  source: Rows
  placements(objects: readonly { model: string; key: Key }[]): Promise<Map<string, Placed[]>>
  loaderTimeout?: number
  /** Models whose table is another than it was. Asked where a comparison's bound does not stand guard over removals. */
  replaced?(): Promise<ReadonlySet<string>>
}

/** Looks at the objects that changes name and decides what is to be done: the collector's work without its writes. */
export async function look(changes: readonly Change[], context: LookContext): Promise<Decision[]> {
  return (await observe(changes, context))(context.route)
}

/** What is to be done about objects, as far as routes decide it. */
export type DecideBy = (route: World['route']) => Decision[]

/** Looks at the objects that changes name, and answers what decides about them by any routes, as often as one likes. */
export async function observe(
  changes: readonly Change[],
  context: Omit<LookContext, 'route'>,
): Promise<DecideBy> {
  const wanted = coalesce(changes).map((one) => withTable(one, context.config))
  const [all, placed] = await Promise.all([loadAll(wanted, context), context.placements(wanted)])
  const loaded = await withoutUnproven(all, changes, context)
  const stateOf = (one: Wanted) => (one.action === 'delete' ? gone : (loaded.get(nameOf(one)) ?? gone))
  const world: Omit<World, 'route'> = {
    backendsOf: (model) =>
      [...context.config.backends.values()].filter((backend) => backend.model.name === model),
    placed: (model, key) => placed.get(formatObject(model, key)) ?? [],
    protection: (backend, place, of) =>
      protectionOf(backend, place, (snapshot) => fromSnapshot(snapshot, sealOf(of, context.keyring))),
  }
  const states = wanted.map((one): Loaded => {
    const state = stateOf(one)
    return state.kind === 'untabled' ? recall(one, placed.get(nameOf(one)), context.keyring) : state
  })
  return (route) =>
    wanted.flatMap((one, index) => decide(one, states[index] ?? { kind: 'gone' }, { ...world, route }))
}

type State = Loaded | { kind: 'untabled' }

/** That a table which took another's name does not hold an object says nothing, unless its trigger saw the row go. */
async function withoutUnproven(
  loaded: ReadonlyMap<string, State>,
  changes: readonly Change[],
  { replaced }: Pick<LookContext, 'replaced'>,
): Promise<ReadonlyMap<string, State>> {
  const isAnyGone = [...loaded.values()].some((state) => state.kind === 'gone')
  const models = isAnyGone ? await replaced?.() : undefined
  if (models === undefined || models.size === 0) return loaded
  const deletes = changes.filter(({ action }) => action === 'delete')
  const seen = new Set(deletes.flatMap(({ model, keys }) => keys.map((key) => formatObject(model, key))))
  const isProven = (name: string) => seen.has(name) || !models.has(parseObject(name)?.model ?? '')
  return new Map(
    [...loaded].map(([name, state]) => [name, state.kind !== 'gone' || isProven(name) ? state : unproven]),
  )
}

const unproven: State = {
  kind: 'failed',
  reason:
    'It was not found, which does not mean that it is gone: its table took the name of another. `orchestra sync` compares all of its objects',
}

const gone: State = { kind: 'gone' }

/** Of an object that has a table, the row decides whether it is there, not what was last done to it. */
function withTable(wanted: Wanted, config: Config): Wanted {
  const hasTable = config.models.get(wanted.model)?.table !== null
  return hasTable && wanted.action === 'delete' && wanted.payload === null
    ? { ...wanted, action: 'save' }
    : wanted
}

/** What no table holds and nobody gave is what was last placed. It is never taken for gone. */
function recall(wanted: Wanted, placed: readonly Placed[] | undefined, keyring: Keyring): Loaded {
  const last = placed?.find((one) => one.snapshot !== null)
  if (last === undefined) {
    const reason = `No table holds ${nameOf(wanted)} and it was never placed: collect it with its object`
    return { kind: 'failed', reason }
  }
  try {
    return {
      kind: 'present',
      object: fromSnapshot(last.snapshot, sealOf(wanted, keyring)) as Record<string, unknown>,
    }
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
}

async function loadAll(
  wanted: readonly Wanted[],
  context: Omit<LookContext, 'route'>,
): Promise<Map<string, State>> {
  const all = new Map<string, State>()
  const byModel = Map.groupBy(wanted, (one) => one.model)
  await Promise.all(
    [...byModel].map(async ([name, ofModel]) => {
      const model = context.config.models.get(name)
      for (const [key, state] of await loadModel(model, name, ofModel, context))
        all.set(`${name}:${key}`, state)
    }),
  )
  return all
}

async function loadModel(
  model: Model | undefined,
  name: string,
  wanted: readonly Wanted[],
  context: Omit<LookContext, 'route'>,
): Promise<Map<string, State>> {
  if (model === undefined) {
    const reason = `No model "${name}" is defined in this configuration`
    return new Map(wanted.map((one) => [formatKey(one.key), { kind: 'failed', reason }]))
  }
  const present = wanted.filter((one) => one.action !== 'delete')
  const given = present.filter((one) => one.payload !== null)
  const read = present.filter((one) => one.payload === null)
  const keys = [...new Map(read.map((one) => [formatKey(one.key), one.key])).values()]
  const loaded: Map<string, State> =
    model.table === null
      ? new Map(keys.map((key) => [formatKey(key), { kind: 'untabled' }]))
      : await loadObjects(model, keys, context.source, context.loaderTimeout)
  for (const one of given) loaded.set(formatKey(one.key), givenState(model, one, context.keyring))
  return loaded
}

function givenState(model: Model, wanted: Wanted, keyring: Keyring): Loaded {
  try {
    return validate(model, formatKey(wanted.key), openObject(wanted.payload, sealOf(wanted, keyring)))
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
}

function sealOf({ model, key }: Pick<Wanted, 'model' | 'key'>, keyring: Keyring): Seal {
  return keyring.for(model, formatKey(key))
}

function nameOf(wanted: Wanted): string {
  return formatObject(wanted.model, wanted.key)
}

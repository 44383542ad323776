import { formatKey, formatObject, parseObject } from '../config/key.ts'
import type { Key, Model } from '../config/model.ts'
import { backendNamed, modelNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import { readLog } from '../logs/index.ts'
import type { WorkTarget } from '../manager/index.ts'
import { isObjectKnown, isUnitId, objectsNamed, resolveUnit } from '../placements/index.ts'
import { getServer } from '../server/index.ts'
import { sourceOf } from '../source/index.ts'
import type { Narrowing } from '../store/index.ts'
import type { Context } from './context.ts'
import { namedObject } from './objects.ts'
import { scopesWith } from './visible.ts'

/** Where names are looked up. */
type Base = Pick<Context, 'store' | 'config'>

/**
 * An object that a person names, `site:12`, of which there is a row or anything that Orchestra knows.
 * @throws OrchestraError ORC_USAGE, ORC_MODEL_UNKNOWN, ORC_OBJECT_UNKNOWN
 */
export async function knownObject(base: Base, text: string): Promise<{ model: Model; key: Key }> {
  const { config, store } = base
  const named = namedObject(config, text)
  const { model, key } = named
  if ((await isObjectKnown(store, model.name, key)) || (await hasRow(base, model, key))) return named
  throw await unknownObject(base, model, key)
}

/** Where the rows cannot be read, nobody can say that there is none. */
async function hasRow(base: Base, model: Model, key: Key): Promise<boolean> {
  if (model.table === null) return false
  const source = sourceOf(base.store)
  const unreadable = (await source.unreadable([model])).get(model)
  if (unreadable !== undefined) return unreadable === 'hidden'
  return (await source.existing(model, [key])).existing.size > 0
}

/** The error of an object that is nowhere, also to whoever may not see where it is. */
export async function unknownObject(base: Base, model: Model, key: Key): Promise<OrchestraError> {
  const same = await objectsNamed(base.store, model.name, key.join(','))
  const hint =
    same.length > 0
      ? `Did you mean ${same.join(', ')}? It goes by that name on its server; objects are named by their key`
      : 'Check the key; the parts of a composite key are joined by commas, and `orchestra place list --identity NAME` finds objects by their name on servers'
  const object = formatObject(model.name, key)
  return new OrchestraError(
    'ORC_OBJECT_UNKNOWN',
    `There is no ${object}: no row, nothing placed, nothing waiting`,
    { hint },
  )
}

/**
 * Refuses a scope that names what is not there: a mistyped name would give nothing, and one day something else.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN
 */
export async function assertScopeKnown(
  { store, config }: Base,
  {
    servers = [],
    backends = [],
    models = [],
  }: { [What in 'servers' | 'backends' | 'models']?: string[] | undefined },
): Promise<void> {
  for (const name of backends) backendNamed(config, name)
  for (const name of models) modelNamed(config, name)
  for (const name of servers) await getServer(store, name)
}

/** Names by which a command selects what it shows. */
export interface Names {
  server?: string | undefined
  backend?: string | undefined
  model?: string | undefined
  object?: string | undefined
}

/**
 * Refuses names of what is not there. What a command shows may be of a server, a backend or a model that is gone: it asks when it
 * found nothing.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN, ORC_OBJECT_UNKNOWN, ORC_USAGE
 */
export async function checkNames(
  base: Base & Partial<Pick<Context, 'principal'>>,
  { server, backend, model, object }: Names,
): Promise<void> {
  // Whoever may not see all is not told which names there are.
  if (base.principal !== undefined && scopesWith({ principal: base.principal }, 'status.read') !== undefined)
    return
  const { config, store } = base
  if (server !== undefined) await getServer(store, server)
  if (backend !== undefined) backendNamed(config, backend)
  if (model !== undefined) modelNamed(config, model)
  if (object !== undefined) await knownObject(base, object)
}

/**
 * What a person names to be tried again or cancelled: an object, a log, or a unit of work by the beginning of its id.
 * @throws OrchestraError ORC_USAGE, ORC_MODEL_UNKNOWN, ORC_OBJECT_UNKNOWN, ORC_LOG_UNKNOWN, ORC_UNIT_UNKNOWN, ORC_UNIT_AMBIGUOUS
 */
export async function workTarget(base: Base, text: string, visible?: Narrowing): Promise<WorkTarget> {
  const { store } = base
  if (parseObject(text) !== undefined) {
    const { model, key } = await anyObject(base, text)
    return { kind: 'object', model, key: formatKey(key) }
  }
  if (/^\d{1,15}$/.test(text)) {
    try {
      return { kind: 'log', id: (await readLog(store, Number(text))).id }
    } catch (error) {
      // The beginning of a unit's id may be all digits.
      if (!isUnitId(text) || text.length < SHOWN) throw error
      return { kind: 'unit', id: await resolveUnit(store, text, visible).catch(() => Promise.reject(error)) }
    }
  }
  if (isUnitId(text)) return { kind: 'unit', id: await resolveUnit(store, text, visible) }
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(text)} names no object, log or unit of work`, {
    hint: 'Give an object (site:12), a log (12) or a unit of work (the beginning of its id)',
  })
}

/** Digits of a unit's id as it is shown. */
const SHOWN = 8

/** What waits may be of a model that the configuration has no more. */
async function anyObject(base: Base, text: string): Promise<{ model: string; key: Key }> {
  const parsed = parseObject(text)
  if (parsed !== undefined && (await isObjectKnown(base.store, parsed.model, parsed.key))) return parsed
  const { model, key } = await knownObject(base, text)
  return { model: model.name, key }
}

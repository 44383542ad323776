import { formatKey, formatObject } from '../config/key.ts'
import type { Key, LoaderContext, Model } from '../config/model.ts'
import { messageOf, OrchestraError } from '../errors.ts'
import { sealSecrets } from './snapshot.ts'
import { tableReader } from './table.ts'
import { findUnstorable } from './unstorable.ts'

/** The present state of one object. */
export type Loaded =
  | { kind: 'present'; object: Record<string, unknown> }
  | { kind: 'gone' }
  | { kind: 'invalid'; reason: string }
  /** The loader broke: nothing is known of the object. */
  | { kind: 'failed'; reason: string }

/** Milliseconds that a loader may take for one batch. */
export const LOADER_TIMEOUT = 10_000

type Query = LoaderContext['query']

/**
 * Loads objects by the model's loader, checks them by its schema, and answers a state for every key asked for.
 * Never throws: a loader that throws or hangs fails its own objects and no others.
 */
export async function loadObjects(
  model: Model,
  keys: readonly Key[],
  query: Query,
  timeout = LOADER_TIMEOUT,
): Promise<Map<string, Loaded>> {
  if (keys.length === 0) return new Map()
  try {
    const raws = await withTimeout(timeout, (signal) => readRaw(model, keys, { query, signal }))
    const loaded = new Map<string, Loaded>()
    for (const [name, raw] of raws) loaded.set(name, validate(model, name, raw))
    await explainMissing(model, keys, loaded, query)
    return loaded
  } catch (error) {
    const reason = messageOf(error)
    return new Map(keys.map((key) => [formatKey(key), { kind: 'failed', reason }]))
  }
}

/** Checks one object by its model's schema. */
export function validate(model: Model, name: string, raw: unknown): Loaded {
  const result = parse(model, raw)
  if (!result.success) {
    return { kind: 'invalid', reason: `${model.name}:${name} does not fit its schema: ${result.reason}` }
  }
  if (typeof result.data !== 'object' || result.data === null) {
    return { kind: 'invalid', reason: `${model.name}:${name}: the schema must describe an object` }
  }
  const object = sealSecrets(model, { ...result.data })
  const problem = findUnstorable(object)
  if (problem !== undefined) return { kind: 'invalid', reason: `${model.name}:${name}: ${problem}` }
  return { kind: 'present', object }
}

/** A schema's own code may throw, on one object of many. */
function parse(
  model: Model,
  raw: unknown,
): { success: true; data: unknown } | { success: false; reason: string } {
  try {
    const result = model.schema.safeParse(raw)
    if (result.success) return result
    const issues = result.error.issues.map(
      (issue) => `${issue.path.join('.') || '(object)'}: ${issue.message}`,
    )
    return { success: false, reason: issues.join('; ') }
  } catch (error) {
    return { success: false, reason: messageOf(error) }
  }
}

async function readRaw(
  model: Model,
  keys: readonly Key[],
  context: LoaderContext,
): Promise<Map<string, unknown>> {
  if (model.load === undefined) return tableReader(model, context.query).rows(keys)
  const asked = new Set(keys.map(formatKey))
  const raws = new Map<string, unknown>()
  for (const raw of await model.load(keys, context)) {
    const name = nameOf(model, raw)
    if (asked.has(name)) raws.set(name, raw)
  }
  return raws
}

function nameOf(model: Model, raw: unknown): string {
  const object = Object(raw) as Record<string, unknown>
  const parts = model.key.map((column) => {
    const value = object[column]
    if (value !== null && value !== undefined) return String(value)
    throw new OrchestraError(
      'ORC_LOADER_FAILED',
      `The loader of model "${model.name}" returned an object without its key column "${column}"`,
      { hint: "A loader returns objects with all key columns, under the columns' own names" },
    )
  })
  return formatKey(parts)
}

/** A key without an object: its row is gone, or the loader left it out although the row is there. */
async function explainMissing(
  model: Model,
  keys: readonly Key[],
  loaded: Map<string, Loaded>,
  query: Query,
): Promise<void> {
  const missing = keys.filter((key) => !loaded.has(formatKey(key)))
  if (missing.length === 0) return
  const existing =
    model.load !== undefined && model.table !== null
      ? await tableReader(model, query).existing(missing)
      : new Set()
  for (const key of missing) {
    const reason = `The loader of model "${model.name}" left out ${formatObject(model.name, key)}, whose row exists`
    loaded.set(formatKey(key), existing.has(formatKey(key)) ? { kind: 'failed', reason } : { kind: 'gone' })
  }
}

async function withTimeout<Result>(
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort()
      reject(new OrchestraError('ORC_LOADER_FAILED', `The loader gave no answer within ${ms / 1000} s`))
    }, ms)
  })
  try {
    return await Promise.race([work(controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

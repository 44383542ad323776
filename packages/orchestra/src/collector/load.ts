import { formatKey, formatObject, keyPart } from '../config/key.ts'
import type { Key, Model } from '../config/model.ts'
import { messageOf, OrchestraError, withHint } from '../errors.ts'
import { keepingSecrets, rawSecretsIn } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import type { Rows } from '../source/index.ts'
import { fitSafely } from './fit.ts'
import { withoutQuotes } from './quotes.ts'
import { sealSecrets } from './snapshot.ts'
import { findUnstorable } from './unstorable.ts'

/** The present state of one object. */
export type Loaded =
  | { kind: 'present'; object: Record<string, unknown> }
  | { kind: 'gone' }
  | { kind: 'invalid'; reason: string }
  /** The loader broke, or the object was not seen where that does not mean that it is gone: nothing is known of it. */
  | { kind: 'failed'; reason: string }

/** Milliseconds that a loader may take for one batch. */
const LOADER_TIMEOUT = 10_000

/**
 * Loads objects by the model's loader, checks them by its schema, and answers a state for every key asked for.
 * Never throws: a loader that throws or hangs fails its own objects and no others.
 */
export async function loadObjects(
  model: Model,
  keys: readonly Key[],
  source: Rows,
  timeout = LOADER_TIMEOUT,
): Promise<Map<string, Loaded>> {
  if (keys.length === 0) return new Map()
  try {
    return await withTimeout(timeout, (signal) =>
      model.load === undefined
        ? loadRows(model, keys, source).catch((error) => {
            throw withoutQuotes(model, error)
          })
        : loadKeepingSecrets(model, model.load, keys, source, signal),
    )
  } catch (error) {
    return statesOf(keys, { kind: 'failed', reason: withHint(error) })
  }
}

/** What the loader throws may quote the rows that it has read: what is secret of them is known by their fields' names, and by the table. */
async function loadKeepingSecrets(
  model: Model,
  load: NonNullable<Model['load']>,
  keys: readonly Key[],
  source: Rows,
  signal: AbortSignal,
): Promise<Map<string, Loaded>> {
  if (model.secrets.length === 0) return loadByLoader(model, load, keys, source, signal)
  const seen: Secret[] = []
  const note = (rows: readonly unknown[]) => {
    for (const row of rows) seen.push(...rawSecretsIn(model.name, model.secrets, row))
  }
  const query: Rows['query'] = async (text, values) => {
    const rows = await source.query<never>(text, values)
    note(rows)
    return rows
  }
  const answering: typeof load = async (asked, context) => {
    const answers = await load(asked, context)
    note(answers)
    return answers
  }
  return keepingSecrets([seen], async (scope) => {
    try {
      const loaded = await loadByLoader(model, answering, keys, { ...source, query }, signal)
      return new Map([...loaded].map(([name, one]) => [name, told(one, (text) => scope.redact(text))]))
    } catch (error) {
      if (seen.length === 0) note(await rowsOf(model, keys, source))
      throw withoutQuotes(model, error)
    }
  })
}

/** A key that nobody asked for may be anything. */
function told(loaded: Loaded, redact: (text: string) => string): Loaded {
  return 'reason' in loaded ? { ...loaded, reason: redact(loaded.reason) } : loaded
}

/** Rows as the table has them; none where it cannot be read, or is none. */
async function rowsOf(model: Model, keys: readonly Key[], source: Rows): Promise<unknown[]> {
  if (model.table === null) return []
  const found = await source.byKeys(model, keys).catch(() => undefined)
  return [...(found?.rows.values() ?? [])]
}

const none: ReadonlySet<string> = new Set()

/**
 * Checks one object by its model's schema.
 * @param numbers fields that are columns of numbers
 */
export function validate(model: Model, name: string, value: unknown, numbers = none): Loaded {
  const secrets = [...rawSecretsIn(model.name, model.secrets, value)]
  return keepingSecrets([secrets], (scope): Loaded => {
    const fitted = fitSafely(model.schema, { value, numbers, secrets })
    if (!fitted.success) {
      const reason = `${model.name}:${name} does not fit its schema: ${scope.redact(fitted.reason)}`
      return { kind: 'invalid', reason }
    }
    try {
      return keepable(model, name, fitted.data)
    } catch (error) {
      const reason = `${model.name}:${name}: what its schema makes of it cannot be read: ${messageOf(scope.safe(error))}`
      return { kind: 'invalid', reason }
    }
  })
}

/** What a schema's own code has made may do anything when it is looked at. */
function keepable(model: Model, name: string, data: unknown): Loaded {
  if (typeof data !== 'object' || data === null)
    return { kind: 'invalid', reason: `${model.name}:${name}: the schema must describe an object` }
  const object = sealSecrets(model, { ...data })
  const problem = findUnstorable(object)
  if (problem !== undefined) return { kind: 'invalid', reason: `${model.name}:${name}: ${problem}` }
  return { kind: 'present', object }
}

function statesOf(keys: readonly Key[], state: Loaded): Map<string, Loaded> {
  return new Map(keys.map((key) => [formatKey(key), state]))
}

async function loadRows(model: Model, keys: readonly Key[], source: Rows): Promise<Map<string, Loaded>> {
  const { rows, numbers, absence } = await source.byKeys(model, keys)
  const missing: Loaded = absence.kind === 'gone' ? absence : { kind: 'failed', reason: absence.reason }
  const loaded = statesOf(keys, missing)
  for (const [name, value] of rows) loaded.set(name, validate(model, name, value, numbers))
  return loaded
}

async function loadByLoader(
  model: Model,
  load: NonNullable<Model['load']>,
  keys: readonly Key[],
  source: Rows,
  signal: AbortSignal,
): Promise<Map<string, Loaded>> {
  const answers = await load(keys, { query: source.query, signal })
  const byName = Map.groupBy(answers, (raw) => nameOf(model, raw))
  const missing = keys.filter((key) => !byName.has(formatKey(key)))
  const asked = new Set(keys.map(formatKey))
  const unasked = [...byName.keys()].filter((name) => !asked.has(name))
  const loaded = await explainMissing(model, missing, unasked, source)
  for (const [name, own] of byName) if (asked.has(name)) loaded.set(name, answered(model, name, own))
  return loaded
}

/** Of two answers nobody knows which is right. */
function answered(model: Model, name: string, answers: readonly unknown[]): Loaded {
  if (answers.length === 1) return validate(model, name, answers[0])
  const reason = `The loader of model "${model.name}" answered ${model.name}:${name} ${answers.length} times`
  return { kind: 'failed', reason }
}

function nameOf(model: Model, raw: unknown): string {
  const object = Object(raw) as Record<string, unknown>
  const parts = model.key.map((column) => {
    const value = object[column]
    if (value !== null && value !== undefined) return keyPart(value)
    throw new OrchestraError(
      'ORC_LOADER_FAILED',
      `The loader of model "${model.name}" returned an object without its key column "${column}"`,
      { hint: "A loader returns objects with all key columns, under the columns' own names" },
    )
  })
  return formatKey(parts)
}

/** Keys that a loader left out: their rows are gone, or are there all the same, or may be where nobody looked. */
async function explainMissing(
  model: Model,
  missing: readonly Key[],
  unasked: readonly string[],
  source: Rows,
): Promise<Map<string, Loaded>> {
  if (missing.length === 0) return new Map()
  if (model.table === null) return statesOf(missing, { kind: 'gone' })
  const { existing, absence } = await source.existing(model, missing)
  return new Map(
    missing.map((key): [string, Loaded] => {
      const name = formatKey(key)
      if (existing.has(name)) return [name, { kind: 'failed', reason: leftOut(model, key, unasked) }]
      return [name, absence.kind === 'gone' ? absence : { kind: 'failed', reason: absence.reason }]
    }),
  )
}

function leftOut(model: Model, key: Key, unasked: readonly string[]): string {
  const other = unasked.length === 0 ? '' : `; it answered ${unasked[0]}, which nobody asked for`
  return `The loader of model "${model.name}" left out ${formatObject(model.name, key)}, whose row exists${other}`
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

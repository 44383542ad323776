import { Secret } from './secret.ts'

const DEEPEST = 20

/** Every secret in plain values of any depth. Other objects keep theirs to themselves. */
export function* secretsIn(value: unknown, depth = 0): Generator<Secret> {
  if (value instanceof Secret) yield value
  else if (depth > DEEPEST || typeof value !== 'object' || value === null) return
  else for (const inner of partsOf(value)) yield* secretsIn(inner, depth + 1)
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.values(value) : []
}

/** What is secret of a row or a loader's answer, which is in clear: the texts and numbers in some of its fields. */
export function* rawSecretsIn(owner: string, fields: readonly string[], value: unknown): Generator<Secret> {
  if (typeof value !== 'object' || value === null) return
  for (const field of fields) {
    for (const text of textsIn(Reflect.get(value, field))) yield new Secret(text, `${owner}.${field}`)
  }
}

function* textsIn(value: unknown, depth = 0): Generator<string> {
  if (typeof value === 'string') yield* value === value.trim() ? [value] : [value, value.trim()]
  else if (typeof value === 'number' || typeof value === 'bigint') yield String(value)
  else if (value instanceof Secret) yield value.reveal()
  else if (depth <= DEEPEST && typeof value === 'object' && value !== null)
    for (const inner of partsOf(value)) yield* textsIn(inner, depth + 1)
}

import type { z } from 'zod'
import { exactNumber, isDecimal } from '../source/index.ts'

/** A number that a coercion would round. */
export interface Lost {
  path: readonly PropertyKey[]
  text: string
}

type Find = (value: unknown, path: readonly PropertyKey[]) => Lost | undefined

const known = new WeakMap<z.core.$ZodType, Find | null>()

/** The first number in a value that the schema turns into a number by `z.coerce` and that would not be the same. */
export function findCoerced(schema: z.core.$ZodType, value: unknown): Lost | undefined {
  return finderOf(schema)?.(value, [])
}

/** Null for schemas that coerce no number: nearly all, whose values are not looked at. */
function finderOf(schema: z.core.$ZodType): Find | null {
  const made = known.get(schema)
  if (made !== undefined) return made
  // What holds itself asks for its own while it is made.
  known.set(schema, null)
  const finder = makeFinder(schema as z.core.$ZodTypes)
  known.set(schema, finder)
  return finder
}

function makeFinder({ _zod: { def } }: z.core.$ZodTypes): Find | null {
  switch (def.type) {
    case 'number':
      return 'coerce' in def && def.coerce === true ? roundedNumber : null
    case 'object':
      return inFields(Object.entries(def.shape))
    case 'array':
      return inItems(finderOf(def.element))
    case 'record':
      return inItems(finderOf(def.valueType))
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return finderOf(def.innerType)
    case 'pipe':
      return finderOf(def.in)
    default:
      return null
  }
}

const roundedNumber: Find = (value, path) => {
  const text = typeof value === 'bigint' ? String(value) : value
  if (typeof text !== 'string' || !isDecimal(text)) return undefined
  return exactNumber(text) === undefined ? { path, text } : undefined
}

function inFields(fields: readonly [string, z.core.$ZodType][]): Find | null {
  const finders = fields.flatMap(([name, schema]) => {
    const find = finderOf(schema)
    return find === null ? [] : [{ name, find }]
  })
  if (finders.length === 0) return null
  return (value, path) => {
    if (typeof value !== 'object' || value === null) return undefined
    return first(finders, ({ name, find }) => find(Reflect.get(value, name), [...path, name]))
  }
}

function inItems(find: Find | null): Find | null {
  if (find === null) return null
  return (value, path) => {
    if (typeof value !== 'object' || value === null) return undefined
    return first(Object.entries(value), ([name, item]) => find(item, [...path, name]))
  }
}

function first<Item>(items: readonly Item[], find: (item: Item) => Lost | undefined): Lost | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

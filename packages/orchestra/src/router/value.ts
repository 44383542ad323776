import type { Shape } from '../config/shape.ts'

export type Fields = ReadonlyMap<string, Shape>
export type Class = new () => object
type Convert = (value: unknown) => unknown

/**
 * How values of a shape become CEL's: whole numbers are bigint there, and what is absent is null. Undefined when they are
 * CEL's already, so that a list of a thousand names is not copied.
 */
export function converterOf(shape: Shape, classes: ReadonlyMap<Fields, Class>): Convert | undefined {
  const convert = converterOfKind(shape, classes)
  return convert && ((value) => (value === null || value === undefined ? null : convert(value)))
}

function converterOfKind(shape: Shape, classes: ReadonlyMap<Fields, Class>): Convert | undefined {
  switch (shape.kind) {
    case 'int':
      return (value) => (typeof value === 'number' ? BigInt(value) : value)
    case 'list':
      return convertList(converterOf(shape.of, classes))
    case 'map':
      return convertMap(converterOf(shape.of, classes))
    case 'object':
      return convertObject(shape.fields, classes)
    default:
      return undefined
  }
}

function convertList(convert: Convert | undefined): Convert | undefined {
  return convert && ((value) => Array.from(value as Iterable<unknown>, convert))
}

function convertMap(convert: Convert | undefined): Convert | undefined {
  if (convert === undefined) return undefined
  const entriesOf = (value: unknown) => (value instanceof Map ? [...value] : Object.entries(value as object))
  return (value) => new Map(entriesOf(value).map(([key, inner]) => [key, convert(inner)]))
}

function convertObject(fields: Fields, classes: ReadonlyMap<Fields, Class>): Convert | undefined {
  const Class = classes.get(fields)
  if (Class === undefined) return undefined
  const converters = [...fields].map(([name, shape]) => ({ name, convert: converterOf(shape, classes) }))
  return (value) => {
    const source = value as Readonly<Record<string, unknown>>
    const object = new Class() as Record<string, unknown>
    for (const { name, convert } of converters) {
      const inner = source[name] ?? null
      object[name] = convert === undefined ? inner : convert(inner)
    }
    return object
  }
}

import type { z } from 'zod'

/** What a schema says about its output, as far as routes and secrets need to know it. */
export type Shape = { nullable: boolean } & (
  | { kind: 'string'; values?: readonly string[] }
  | { kind: 'int' | 'double' | 'bool' | 'timestamp' | 'null' | 'unknown' }
  | { kind: 'list' | 'map'; of: Shape }
  | { kind: 'object'; fields: ReadonlyMap<string, Shape> }
)

const unknown: Shape = { kind: 'unknown', nullable: false }

/** Reads a schema's output shape. What has no fixed shape (transforms, mixed unions, recursion) is `unknown`. */
export function shapeOf(schema: z.core.$ZodType): Shape {
  return read(schema as z.core.$ZodTypes, [])
}

/** The schema's top-level fields, or undefined when it does not tell them. */
export function fieldsOf(schema: z.core.$ZodType): ReadonlyMap<string, Shape> | undefined {
  const shape = shapeOf(schema)
  return shape.kind === 'object' ? shape.fields : undefined
}

/** The names of all fields, however deep. */
export function* fieldNames(shape: Shape): Generator<string> {
  if (shape.kind === 'list' || shape.kind === 'map') yield* fieldNames(shape.of)
  if (shape.kind !== 'object') return
  for (const [name, inner] of shape.fields) {
    yield name
    yield* fieldNames(inner)
  }
}

function read(schema: z.core.$ZodTypes, path: readonly z.core.$ZodTypes[]): Shape {
  if (path.includes(schema)) return unknown
  const inner = (type: z.core.$ZodType) => read(type as z.core.$ZodTypes, [...path, schema])
  const { def } = schema._zod
  switch (def.type) {
    case 'string':
    case 'template_literal':
      return { kind: 'string', nullable: false }
    case 'number':
      return { kind: isInteger(schema) ? 'int' : 'double', nullable: false }
    case 'bigint':
      return { kind: 'int', nullable: false }
    case 'boolean':
      return { kind: 'bool', nullable: false }
    case 'date':
      return { kind: 'timestamp', nullable: false }
    case 'null':
    case 'undefined':
    case 'void':
      return { kind: 'null', nullable: true }
    case 'enum':
      return shapeOfValues(Object.values(def.entries))
    case 'literal':
      return shapeOfValues(def.values)
    case 'object':
      return { kind: 'object', nullable: false, fields: readFields(def.shape, inner) }
    case 'array':
      return { kind: 'list', nullable: false, of: inner(def.element) }
    case 'set':
      return { kind: 'list', nullable: false, of: inner(def.valueType) }
    case 'record':
    case 'map':
      return { kind: 'map', nullable: false, of: inner(def.valueType) }
    case 'optional':
    case 'nullable':
      return { ...inner(def.innerType), nullable: true }
    case 'nonoptional':
    case 'default':
    case 'prefault':
      return { ...inner(def.innerType), nullable: acceptsNull(def.innerType as z.core.$ZodTypes) }
    case 'catch':
    case 'readonly':
      return inner(def.innerType)
    case 'lazy':
      return inner(def.getter())
    case 'pipe':
      return inner(def.out)
    case 'union':
      return join(def.options.map(inner))
    default:
      return unknown
  }
}

function readFields(
  shape: Readonly<Record<string, z.core.$ZodType>>,
  inner: (type: z.core.$ZodType) => Shape,
): Map<string, Shape> {
  return new Map(Object.entries(shape).map(([name, type]) => [name, inner(type)]))
}

/** A default replaces what is absent; null stays null. */
function acceptsNull(schema: z.core.$ZodTypes): boolean {
  const { def } = schema._zod
  if (def.type === 'nullable') return true
  return 'innerType' in def && acceptsNull(def.innerType as z.core.$ZodTypes)
}

function isInteger(schema: z.core.$ZodType): boolean {
  return 'isInt' in schema && schema.isInt === true
}

function shapeOfValues(values: readonly unknown[]): Shape {
  return join(values.map(shapeOfValue))
}

function shapeOfValue(value: unknown): Shape {
  if (value === null || value === undefined) return { kind: 'null', nullable: true }
  if (typeof value === 'string') return { kind: 'string', nullable: false, values: [value] }
  if (typeof value === 'bigint') return { kind: 'int', nullable: false }
  if (typeof value === 'number') return { kind: Number.isInteger(value) ? 'int' : 'double', nullable: false }
  return typeof value === 'boolean' ? { kind: 'bool', nullable: false } : unknown
}

/** The shape that all have in common; null beside another shape makes that one nullable. */
function join(shapes: readonly Shape[]): Shape {
  const nullable = shapes.some((shape) => shape.nullable)
  const [first, ...rest] = shapes.filter((shape) => shape.kind !== 'null')
  if (first === undefined) return { kind: 'null', nullable: true }
  return { ...rest.reduce(joinTwo, first), nullable }
}

function joinTwo(one: Shape, other: Shape): Shape {
  if (one.kind === 'string' && other.kind === 'string') {
    const values = one.values && other.values && [...one.values, ...other.values]
    return { kind: 'string', nullable: false, ...(values && { values }) }
  }
  const isNumber = (shape: Shape) => shape.kind === 'int' || shape.kind === 'double'
  if (one.kind !== other.kind)
    return isNumber(one) && isNumber(other) ? { kind: 'double', nullable: false } : unknown
  return 'of' in one || 'fields' in one ? unknown : one
}

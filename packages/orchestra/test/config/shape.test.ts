import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fieldsOf, shapeOf } from '../../src/config/shape.ts'

const string = { kind: 'string', nullable: false }
const int = { kind: 'int', nullable: false }
const double = { kind: 'double', nullable: false }
const unknown = { kind: 'unknown', nullable: false }

interface Tree {
  name: string
  children: Tree[]
}
const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.array(z.lazy(() => tree)) })

describe('shapeOf', () => {
  it.each([
    ['text', z.email(), string],
    ['text with a transform of its own kind', z.string().trim().toLowerCase(), string],
    ['a whole number', z.int().positive(), int],
    ['a number that is checked to be whole', z.number().int(), int],
    ['a number', z.number().min(3), double],
    ['a big number', z.bigint(), int],
    ['yes or no', z.boolean(), { kind: 'bool', nullable: false }],
    ['a date', z.coerce.date(), { kind: 'timestamp', nullable: false }],
    ['an enum with its values', z.enum(['a', 'b']), { ...string, values: ['a', 'b'] }],
    ['a literal', z.literal('a'), { ...string, values: ['a'] }],
    ['literals of several kinds', z.literal(['a', 1]), unknown],
    ['a nullable', z.string().nullable(), { ...string, nullable: true }],
    ['an optional', z.int().optional(), { ...int, nullable: true }],
    ['a default, which is never absent', z.string().optional().default('x'), string],
    [
      'a nullable with a default, which may be null',
      z.string().nullable().default('x'),
      { ...string, nullable: true },
    ],
    ['a brand', z.string().brand('x'), string],
    ['what a pipe ends in', z.string().pipe(z.coerce.number()), double],
    ['a preprocessed value', z.preprocess((value) => value, z.int()), int],
    ['a transform', z.string().transform((text) => text.length), unknown],
    ['a list', z.array(z.int()), { kind: 'list', nullable: false, of: int }],
    ['a set', z.set(z.string()), { kind: 'list', nullable: false, of: string }],
    ['a record', z.record(z.string(), z.int()), { kind: 'map', nullable: false, of: int }],
    ['a union of one kind', z.union([z.literal('a'), z.literal('b')]), { ...string, values: ['a', 'b'] }],
    ['a union of values and any text', z.union([z.literal('a'), z.string()]), string],
    ['a union of numbers', z.union([z.int(), z.number()]), double],
    ['a union with null', z.union([z.int(), z.null()]), { ...int, nullable: true }],
    ['a mixed union', z.union([z.int(), z.string()]), unknown],
    ['anything', z.any(), unknown],
  ])('reads %s', (_, schema, shape) => expect(shapeOf(schema)).toEqual(shape))

  it('reads objects field by field, and stops where a schema holds itself', () => {
    const children = { kind: 'list', nullable: false, of: unknown }
    expect(shapeOf(tree)).toEqual({
      kind: 'object',
      nullable: false,
      fields: new Map<string, unknown>([
        ['name', string],
        ['children', children],
      ]),
    })
  })
})

describe('fieldsOf', () => {
  it('knows the fields of an object behind a refinement, and none of what is no object', () => {
    const schema = z.object({ id: z.int() }).refine(() => true)
    expect([...(fieldsOf(schema)?.keys() ?? [])]).toEqual(['id'])
    expect(fieldsOf(z.any())).toBeUndefined()
  })
})

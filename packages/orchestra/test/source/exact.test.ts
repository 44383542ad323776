import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fit } from '../../src/collector/fit.ts'
import { exactNumber, wholeNumber } from '../../src/source/decimal.ts'
import { sourceOf } from '../../src/source/index.ts'
import { parseExactJson, toExactJson } from '../../src/source/json.ts'
import { parseArray } from '../../src/source/postgres/array.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

const int8 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: -3n, max: 3n }),
)

/** As Postgres writes a `numeric`. */
const numeric = fc
  .tuple(
    fc.boolean(),
    fc.bigInt({ min: 0n, max: 10n ** 30n }),
    fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 25 }),
  )
  .map(([isNegative, whole, fraction]) => {
    const digits = fraction === '' ? `${whole}` : `${whole}.${fraction}`
    return isNegative && /[1-9]/.test(digits) ? `-${digits}` : digits
  })

const nothing: ReadonlySet<string> = new Set()
const columns: ReadonlySet<string> = new Set(['n', 'list'])

/** The value of a decimal text, for comparison: digits and a power of ten. */
function decimalValue(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/.exec(text.toLowerCase()) ?? []
  const digits = BigInt(`${whole}${fraction}` || '0')
  const scaled = digits * 10n ** BigInt(400 + Number(power) - fraction.length)
  return digits === 0n ? '0' : `${sign}${scaled}`
}

/** What a schema's word makes of a number, as text again; null where it refuses. */
function asText(data: unknown): string | null {
  return data === null || data === undefined ? null : String(data)
}

const words = {
  'z.int()': z.int(),
  'z.number()': z.number(),
  'z.bigint()': z.bigint(),
  'z.string()': z.string(),
  'z.coerce.number()': z.coerce.number(),
  'z.coerce.bigint()': z.coerce.bigint(),
  'z.coerce.string()': z.coerce.string(),
  'z.number().nullable()': z.number().nullable(),
  'z.bigint().default(0n)': z.bigint().default(0n),
  'a union': z.union([z.boolean(), z.number(), z.bigint(), z.string()]),
} as const

describe('no digit is lost', () => {
  it('between a decimal and its number or whole number', () => {
    fc.assert(
      fc.property(numeric, (text) => {
        const number = exactNumber(text)
        if (number !== undefined) expect(decimalValue(String(number))).toBe(decimalValue(text))
        const whole = wholeNumber(text)
        if (whole !== undefined) expect(decimalValue(String(whole))).toBe(decimalValue(text))
        else expect(text).toMatch(/\.\d*[1-9]/)
      }),
    )
  })

  it('by any double, which JavaScript itself wrote', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(exactNumber(String(number))).toBe(Object.is(number, -0) ? 0 : number)
      }),
    )
  })

  for (const [word, schema] of Object.entries(words)) {
    it(`by ${word}, whatever an int8 or numeric holds`, () => {
      const object = z.object({ n: schema, list: z.array(schema) })
      fc.assert(
        fc.property(fc.oneof(int8, numeric), (given) => {
          const text = String(given)
          const value =
            typeof given === 'bigint' && Number.isSafeInteger(Number(given)) ? Number(given) : given
          const fitted = fit(object, { value: { n: value, list: [value] }, numbers: columns })
          if (!fitted.success) {
            expect(fitted.reason).toContain('n: ')
            return
          }
          const { n, list } = fitted.data as { n: unknown; list: unknown[] }
          expect(decimalValue(asText(n) ?? '')).toBe(decimalValue(text))
          expect(decimalValue(asText(list[0]) ?? '')).toBe(decimalValue(text))
        }),
      )
    })
  }

  it('by JSON, at any depth', () => {
    const number = fc.oneof(
      numeric,
      int8.map(String),
      fc.tuple(numeric, fc.integer({ min: -30, max: 30 })).map(([digits, power]) => `${digits}e${power}`),
    )
    fc.assert(
      fc.property(number, (text) => {
        const read = parseExactJson(`{"a":[{"n":${text}}],"s":"${text}"}`) as {
          a: { n: unknown }[]
          s: string
        }
        expect(decimalValue(String(read.a[0]?.n))).toBe(decimalValue(text))
        expect(read.s).toBe(text)
      }),
    )
  })

  it('by JSON that is written again', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt()), (list) => {
        expect(toExactJson({ list })).toBe(`{"list":[${list.join(',')}]}`)
      }),
    )
  })

  it('by JSON with a number that nobody can write out', () => {
    expect(parseExactJson('[1e999999999, -0, 1e2, 1.0]')).toEqual(['1e999999999', -0, 100, 1])
  })
})

describe('a schema', () => {
  const fitted = (schema: z.ZodType, value: unknown, numbers = nothing) => {
    const result = fit(schema, { value, numbers })
    return result.success ? result.data : result.reason
  }

  it('gets whole numbers in its own word inside of arrays, objects and unions', () => {
    const schema = z.object({
      rows: z.array(z.object({ id: z.bigint(), at: z.union([z.object({ n: z.bigint() }), z.null()]) })),
      kind: z.discriminatedUnion('is', [
        z.object({ is: z.literal('a'), size: z.number() }),
        z.object({ is: z.literal('b'), size: z.bigint() }),
      ]),
      level: z.literal([1n, 2n]),
    })
    const value = { rows: [{ id: 1, at: { n: 2 } }], kind: { is: 'b', size: 5 }, level: 2 }
    expect(fitted(schema, value)).toEqual({
      rows: [{ id: 1n, at: { n: 2n } }],
      kind: { is: 'b', size: 5n },
      level: 2n,
    })
    expect(value.rows[0]?.id).toBe(1)
  })

  it('does not get a number of ordinary text, nor text of an ordinary number', () => {
    expect(fitted(z.object({ port: z.number() }), { port: '80' })).toMatch(/^port: .*expected number/)
    expect(fitted(z.object({ port: z.bigint() }), { port: '80' })).toMatch(/^port: .*expected bigint/)
    expect(fitted(z.object({ name: z.string() }), { name: 80 })).toMatch(/^name: .*expected string/)
  })

  it('keeps transforms and preprocessing working', () => {
    const schema = z.object({
      id: z.bigint().transform((id) => `site-${id}`),
      price: z.number().transform((price) => price * 2),
      size: z.preprocess((size) => size, z.bigint()),
    })
    const value = { id: 5, price: '1.50', size: 7 }
    expect(fitted(schema, value, new Set(['id', 'price']))).toEqual({ id: 'site-5', price: 3, size: 7n })
  })

  it('says of one field what is refused, and of the others what they lack', () => {
    const schema = z.object({ big: z.number(), name: z.string() })
    expect(fitted(schema, { big: 2n ** 60n + 1n })).toBe(
      'big: 1152921504606846977 has more digits than a number holds; use z.bigint() or z.string(); ' +
        'name: Invalid input: expected string, received undefined',
    )
  })

  it('of an object that holds itself is looked at all the same', () => {
    const tree: z.ZodType = z.object({
      n: z.coerce.number(),
      get children() {
        return z.array(tree)
      },
    })
    expect(fitted(tree, { n: '1', children: [{ n: '2', children: [] }] })).toEqual({
      n: 1,
      children: [{ n: 2, children: [] }],
    })
  })
})

describe('an array', () => {
  it('is read in all its dimensions, with quotes, backslashes, nulls, and another delimiter', () => {
    const read = (text: string, delimiter = ',') => parseArray(text, delimiter, (item) => item)
    expect(read('{}')).toEqual([])
    expect(read('{a,NULL,"NULL","a\\"b\\\\c",""}')).toEqual(['a', null, 'NULL', 'a"b\\c', ''])
    expect(read('{{1,2},{3,4}}')).toEqual([
      ['1', '2'],
      ['3', '4'],
    ])
    expect(read('[0:1]={7,8}')).toEqual(['7', '8'])
    expect(read('{(1,1),(0,0);(2,2),(1,1)}', ';')).toEqual(['(1,1),(0,0)', '(2,2),(1,1)'])
  })
})

describeStores('what a column holds arrives', (open) => {
  let store: Store

  it('to the last digit, alone and in arrays', async () => {
    store = await open()
    const source = sourceOf(store)
    const lists = fc.record({
      ints: fc.array(int8, { minLength: 1, maxLength: 20 }),
      numerics: fc.array(numeric, { minLength: 1, maxLength: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(lists, async ({ ints, numerics }) => {
        const [row] = await source.query<Record<string, unknown[]>>(
          `select $1::int8[] as ints, $2::numeric[] as numerics, to_jsonb($2::numeric[]) as doc,
             array[to_jsonb($1::int8[])] as docs`,
          [ints.map(String), numerics],
        )
        expect(row?.ints?.map(String)).toEqual(ints.map(String))
        expect(row?.numerics).toEqual(numerics)
        expect(row?.doc?.map((one) => decimalValue(String(one)))).toEqual(numerics.map(decimalValue))
        expect(String(row?.docs)).toBe(String(ints))
      }),
      { numRuns: 30 },
    )
  })

  it('as arrays of enumerations, domains, domains over arrays, and types that were made just now', async () => {
    store = await open()
    const source = sourceOf(store)
    await store.query(`create type mood as enum ('fine', 'so, so'); create domain port as int8; create domain ports as port[];
      create domain tags as text[]; create type pair as (a int, b text)`)
    const [row] = await source.query(
      `select array['fine', 'so, so']::mood[] as moods, array[80, 9007199254740993]::port[] as list,
         array[80, 9007199254740993]::ports as whole, array[array['a']::tags, array['b', null]::tags]::tags[] as nested,
         array[row(1, 'x')::pair] as pairs, array[box '(1,1),(0,0)'] as boxes`,
    )
    expect(row).toEqual({
      moods: ['fine', 'so, so'],
      list: [80, 9007199254740993n],
      whole: [80, 9007199254740993n],
      nested: [['a'], ['b', null]],
      pairs: ['(1,x)'],
      boxes: ['(1,1),(0,0)'],
    })
    await store.query(`create type late as enum ('x')`)
    expect(await source.query(`select array['x']::late[] as late`)).toEqual([{ late: ['x'] }])
  })

  it('as dates, bytes and truth, as ever', async () => {
    store = await open()
    const [row] = await sourceOf(store).query(
      `select timestamptz '2026-01-02 03:04:05+00' as at, '\\x0102'::bytea as bytes, true as yes, null::int8 as nothing,
         array[1, null]::int8[] as some, 0.1::float8 as tenth`,
    )
    expect(row).toEqual({
      at: new Date('2026-01-02T03:04:05Z'),
      bytes: Buffer.from([1, 2]),
      yes: true,
      nothing: null,
      some: [1, null],
      tenth: 0.1,
    })
  })

  it('in floating point to the last digit, however the session is set', async () => {
    store = await open()
    await store.query('set extra_float_digits = -10')
    expect(await store.query('select 0.1234567890123456::float8 as fraction')).toEqual([
      { fraction: 0.12346 },
    ])
    const [row] = await sourceOf(store).query('select 0.1234567890123456::float8 as fraction')
    await store.query('reset extra_float_digits')
    expect(row).toEqual({ fraction: 0.1234567890123456 })
  })

  it('without writing: what a read runs of the application cannot change anything as the worker', async () => {
    store = await open()
    await store.query('create table trap (n int)')
    await expect(sourceOf(store).query('insert into trap values (1) returning n')).rejects.toThrow(
      /read-only/,
    )
  })
})

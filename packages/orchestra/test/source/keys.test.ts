import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { formatKey, keyPart } from '../../src/config/key.ts'
import { defineModel, type Model } from '../../src/index.ts'
import { sourceOf } from '../../src/source/index.ts'
import { selectKeys } from '../../src/source/postgres/keys.ts'
import { databaseOf } from '../../src/source/postgres/reader.ts'
import { selectByKey } from '../../src/source/postgres/rows.ts'
import { findTable } from '../../src/source/postgres/table.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

const modelOf = (table: string, key: string | string[] = 'id') =>
  defineModel({ name: 'thing', table, key, schema: z.object({}) }) as Model

const COUNT = 5_000

/** Key types, and how the key with a number is written. */
const types = {
  bigint: 'n',
  'numeric(20, 2)': 'n',
  text: `'k' || n`,
  'varchar(10)': `'k' || n`,
  'char(8)': `'k' || n`,
  uuid: 'md5(n::text)::uuid',
  date: `date '2026-01-01' + n`,
  timestamptz: `timestamptz '2026-01-01 00:00+00' + n * interval '1 s'`,
  bytea: `decode(md5(n::text), 'hex')`,
  'positive bigint': 'n',
  level: `('l' || n)::level`,
} as const

const typeName = (name: string) => (name === 'positive bigint' ? 'positive' : name)

describeStores('keys of every type', (open) => {
  let store: Store

  beforeEach(async () => {
    store = await open()
    await store.query(
      `create domain positive as bigint check (value > 0);
       do $$ begin execute (select 'create type level as enum (' || string_agg(quote_literal('l' || n), ',') || ')'
         from generate_series(1, ${COUNT}) n); end $$`,
    )
  })

  for (const [name, key] of Object.entries(types)) {
    it(`of type ${name} are found and paged by the index, in one text everywhere`, async () => {
      await store.query(
        `create table thing (id ${typeName(name)} primary key);
         insert into thing select ${key} from generate_series(1, ${COUNT}) n; analyze thing`,
      )
      // What a session says about the look of values must not make other keys.
      await store.query(`set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set bytea_output = 'escape'`)
      const source = sourceOf(store)
      const model = modelOf('thing')
      const first = await source.keysAfter(model, null, 3)
      const next = await source.keysAfter(model, first.at(-1) ?? null, COUNT)
      expect(new Set([...first, ...next].map(String)).size).toBe(COUNT)
      const { existing } = await source.existing(model, first)
      expect([...existing]).toEqual(first.map(formatKey))
      const table = await databaseOf(store).read((reader) => findTable(model, reader))
      const plans = await databaseOf(store).read(async (reader) => [
        await reader.query(`explain ${selectByKey(table, 'row.*', 'typed')}`, [first.map(([only]) => only)]),
        await reader.query(`explain ${selectKeys(table, true, 100)}`, first.at(-1)),
      ])
      for (const plan of plans) expect(JSON.stringify(plan)).toMatch(/Index (Only )?Scan/)
      await store.query('reset all')
    })
  }

  it('of several columns are paged by their index as well', async () => {
    await store.query(
      `create table thing (a bigint, b text, primary key (a, b));
       insert into thing select n / 10, 'k' || n from generate_series(1, ${COUNT}) n; analyze thing`,
    )
    const source = sourceOf(store)
    const model = modelOf('thing', ['a', 'b'])
    const first = await source.keysAfter(model, null, COUNT / 2)
    const next = await source.keysAfter(model, first.at(-1) ?? null, COUNT)
    expect(new Set([...first, ...next].map(String)).size).toBe(COUNT)
    const table = await databaseOf(store).read((reader) => findTable(model, reader))
    const plan = await databaseOf(store).read((reader) =>
      reader.query(`explain ${selectKeys(table, true, 100)}`, first.at(-1)),
    )
    expect(JSON.stringify(plan)).toMatch(/Index Only Scan.*Index Cond: \(ROW/)
  })

  it('are never cut to the length of their column, so that they find another row', async () => {
    await store.query(`create table thing (id varchar(3) primary key); insert into thing values ('abc')`)
    const found = await sourceOf(store).existing(modelOf('thing'), [['abcdef'], ['abc']])
    expect([...found.existing]).toEqual(['abc'])
  })

  it('are compared without code of the application: no cast, no operator, no check of a domain', async () => {
    await store.query(
      `create function boom(bigint) returns boolean language plpgsql as $$ begin raise 'ran'; end $$;
       create type own as (part text);
       create function own_text(own) returns text language plpgsql as $$ begin raise 'ran'; end $$;
       create cast (own as text) with function own_text(own) as assignment;
       create function own_equal(own, own) returns boolean language plpgsql as $$ begin raise 'ran'; end $$;
       create operator = (leftarg = own, rightarg = own, function = own_equal);
       create table thing (id own, n positive); insert into thing values (row('a b'), 1), (row('c'), 2);
       alter domain positive add constraint never check (boom(value)) not valid`,
    )
    const source = sourceOf(store)
    expect(await source.keysAfter(modelOf('thing'), null, 10)).toEqual([['("a b")'], ['(c)']])
    expect(await source.keysAfter(modelOf('thing'), ['("a b")'], 10)).toEqual([['(c)']])
    const byOwn = await source.existing(modelOf('thing'), [['(c)'], ['(d)']])
    expect([...byOwn.existing]).toEqual(['(c)'])
    const byDomain = await source.existing(modelOf('thing', 'n'), [['2'], ['3']])
    expect([...byDomain.existing]).toEqual(['2'])
  })

  it('are found beside one that the type cannot have', async () => {
    await store.query('create table thing (id integer primary key); insert into thing values (1)')
    const found = await sourceOf(store).existing(modelOf('thing'), [['x'], ['1'], ['99999999999']])
    expect([...found.existing]).toEqual(['1'])
  })

  it('begin anew where the page began at a key that is none any more', async () => {
    await store.query('create table thing (id integer primary key); insert into thing values (1), (2)')
    expect(await sourceOf(store).keysAfter(modelOf('thing'), ['x'], 10)).toEqual([['1'], ['2']])
  })
})

describe('a key that is given as a number', () => {
  it('is refused beyond 2^53, and is the same as its text below', () => {
    expect([keyPart(12), keyPart(2 ** 53 - 1), keyPart(2n ** 63n), keyPart('007')]).toEqual([
      '12',
      '9007199254740991',
      '9223372036854775808',
      '007',
    ])
    // biome-ignore lint/correctness/noPrecisionLoss: that is the point
    for (const part of [1234567890123456789, -(2 ** 53)])
      expect(() => keyPart(part)).toThrow(/may have lost digits/)
  })
})

import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** A model of the table `thing`, whose objects are files with their JSON, so that every digit shows. */
function things(schema: z.ZodType, options: Partial<Parameters<typeof defineModel>[0]> = {}) {
  const model = defineModel({ name: 'thing', table: 'thing', schema, ...options }) as Model
  const backend = defineBackend({
    name: 'files',
    model,
    prepare: (script) => script.directory('sites'),
    save: (script, thing: Record<string, unknown>) => {
      script.file(`sites/${thing.id}`, JSON.stringify(thing, spelt))
    },
    delete: (script, thing: Record<string, unknown>) => script.absent(`sites/${thing.id}`),
  })
  return { models: [model], backends: [backend] }
}

const spelt = (_name: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)

const errorsOf = async (world: World) =>
  (await world.operations()).filter((one) => one.server_id === null).map((one) => one.error)

describeStores('values', (open) => {
  const build = useWorlds(open)

  it('keeps two rows apart whose keys differ beyond what a double holds, and deletes the one that is deleted', async () => {
    const world = await build({
      ...things(z.object({ id: z.bigint(), name: z.string() })),
      tables: 'create table thing (id bigint primary key, name text)',
    })
    await world.work()
    await world.store.query(`insert into thing values (1234567890123456789, 'a'), (1234567890123456790, 'b')`)
    await world.calm()
    expect(await world.files()).toEqual({
      '1234567890123456789': '{"id":"1234567890123456789n","name":"a"}',
      '1234567890123456790': '{"id":"1234567890123456790n","name":"b"}',
    })
    await world.store.query('delete from thing where id = 1234567890123456789')
    await world.calm()
    expect(Object.keys(await world.files())).toEqual(['1234567890123456790'])
  })

  it('keeps them apart where a loader reads them', async () => {
    const world = await build({
      ...things(z.object({ id: z.bigint() }), {
        load: (keys, { query }) =>
          query('select id from thing where id = any($1::bigint[])', [keys.map(([id]) => id)]),
      }),
      tables: 'create table thing (id bigint primary key)',
    })
    await world.work()
    await world.store.query('insert into thing values (1234567890123456789), (1234567890123456790)')
    await world.calm()
    expect(Object.keys(await world.files())).toEqual(['1234567890123456789', '1234567890123456790'])
  })

  it('gives each word of a schema what the column holds, to the last digit', async () => {
    const world = await build({
      ...things(
        z.object({
          id: z.string(),
          small: z.int(),
          large: z.bigint(),
          price: z.number(),
          exact: z.string(),
          ids: z.array(z.bigint()),
          amounts: z.array(z.string()),
          doc: z.object({ n: z.bigint(), list: z.array(z.union([z.boolean(), z.bigint()])) }),
          moods: z.array(z.enum(['fine', 'bad'])),
          ports: z.array(z.int()),
        }),
      ),
      tables: `drop type if exists mood cascade; create type mood as enum ('fine', 'bad');
        create domain port as integer check (value > 0);
        create table thing (id bigint primary key, small bigint, large bigint, price numeric, exact numeric, ids bigint[],
          amounts numeric[], doc jsonb, moods mood[], ports port[])`,
    })
    await world.work()
    await world.store.query(`insert into thing values (9223372036854775807, 12, 5, 10.50, 0.12345678901234567890,
      '{1,9007199254740993}', '{1.10,12345678901234567890.5}', '{"n": 12345678901234567890, "list": [true, 9007199254740993]}',
      '{fine,bad}', '{80,443}')`)
    await world.calm()
    expect(await errorsOf(world)).toEqual([])
    expect(JSON.parse((await world.files())['9223372036854775807'] ?? '')).toEqual({
      id: '9223372036854775807',
      small: 12,
      large: '5n',
      price: 10.5,
      exact: '0.12345678901234567890',
      ids: ['1n', '9007199254740993n'],
      amounts: ['1.10', '12345678901234567890.5'],
      doc: { n: '12345678901234567890n', list: [true, '9007199254740993n'] },
      moods: ['fine', 'bad'],
      ports: [80, 443],
    })
  })

  it('refuses what the schema can only have inexact, naming field, value and what to use', async () => {
    const world = await build({
      ...things(
        z.object({
          id: z.int(),
          price: z.number().nullable(),
          doc: z.object({ n: z.number() }).nullable(),
          worth: z.coerce.number().nullable(),
        }),
      ),
      tables: 'create table thing (id bigint primary key, price numeric, doc jsonb, worth numeric)',
    })
    await world.store.query(`insert into thing values (9007199254740993, null, null, null),
      (1, 0.12345678901234567890, null, null), (2, null, '{"n": 9007199254740993}', null),
      (3, null, null, 0.12345678901234567890)`)
    await world.collect()
    expect((await errorsOf(world)).sort()).toEqual([
      'thing:1 does not fit its schema: price: 0.12345678901234567890 has more digits than a number holds; use z.string()',
      'thing:2 does not fit its schema: doc.n: 9007199254740993 has more digits than a number holds; use z.bigint() or z.string()',
      'thing:3 does not fit its schema: worth: 0.12345678901234567890 has more digits than a number holds; use z.string()',
      'thing:9007199254740993 does not fit its schema: id: 9007199254740993 has more digits than a number holds; use z.bigint() or z.string()',
    ])
  })

  it('matches routes by whole numbers of every size', async () => {
    const world = await build({
      ...things(z.object({ id: z.bigint(), quota: z.bigint() })),
      servers: ['few', 'many'],
      tables: 'create table thing (id bigint primary key, quota bigint)',
    })
    await world.store.query('delete from orchestra.route')
    await world.route('files', 'few', 'thing.quota <= 5')
    await world.route('files', 'many', 'thing.quota > 5 && thing.quota != 9007199254740992')
    await world.work()
    await world.store.query('insert into thing values (1, 5), (2, 6), (3, 9007199254740993)')
    await world.calm()
    expect(Object.keys(await world.files('few'))).toEqual(['1'])
    expect(Object.keys(await world.files('many'))).toEqual(['2', '3'])
  })
})

import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { predicate, rowPredicate } from '../../src/access/predicate.ts'
import { allows, everything, type Scope, type Subject } from '../../src/access/scope.ts'
import type { Parameter, Store } from '../../src/store/index.ts'
import { seed } from '../support/seed.ts'
import { describeStores } from '../support/stores.ts'

/** Names that somebody gives who means no good. */
const hostile = [
  'web1',
  `o'brien`,
  `'; drop schema orchestra cascade; --`,
  '%',
  '_',
  '\\',
  '"q"',
  '{a,b}',
  'NULL',
  'a\nb',
  'ünï☃😀',
  '$1',
  '',
  'WEB1',
]

const names = fc.subarray(hostile, { minLength: 1 })
const scope: fc.Arbitrary<Scope> = fc.record({
  servers: fc.option(names, { freq: 2 }),
  backends: fc.option(names, { freq: 2 }),
  models: fc.option(names, { freq: 1 }),
  actions: fc.option(names, { freq: 1 }),
})
const scopes = fc.array(scope, { maxLength: 4 })

interface Row extends Subject {
  id: number
}

/** Rows of every kind, the same each time. */
const rows: Row[] = fc
  .sample(
    fc.record({
      server: fc.option(fc.constantFrom(...hostile), { freq: 5 }),
      backend: fc.option(fc.constantFrom(...hostile), { freq: 5 }),
      model: fc.option(fc.constantFrom(...hostile), { freq: 5 }),
      action: fc.option(fc.constantFrom(...hostile), { freq: 5 }),
    }),
    { seed, numRuns: 150 },
  )
  .map((row, id) => ({ id, ...row }))

/** A condition, and what stands for its parameters. */
function made(write: (parameter: Parameter) => string, first = 1): { sql: string; values: unknown[] } {
  const values: unknown[] = []
  const sql = write((value) => `$${first + values.push(value) - 1}`)
  return { sql, values }
}

async function addServers(store: Store): Promise<Map<string, number>> {
  const added = await store.query<{ id: number; name: string }>(
    `insert into orchestra.server (name, host) select name, '' from unnest($1::text[]) as name returning id, name`,
    [hostile],
  )
  return new Map(added.map(({ id, name }) => [name, id]))
}

describeStores('what somebody sees', (open) => {
  let store: Store
  let servers: Map<string, number>
  const idOf = (server: string | null) => (server === null ? null : (servers.get(server) ?? null))

  beforeEach(async () => {
    store = await open()
    servers = await addServers(store)
  }, 120_000)

  test('is exactly what the rule says of each row', { timeout: 300_000 }, async () => {
    await store.query(
      'create table seen (id integer, server_id integer, backend text, model text, action text)',
    )
    for (const { id, server, backend, model, action } of rows)
      await store.query('insert into seen values ($1, $2, $3, $4, $5)', [
        id,
        idOf(server),
        backend,
        model,
        action,
      ])
    const columns = { servers: 'server_id', backends: 'backend', models: 'model', actions: 'action' }
    await fc.assert(
      fc.asyncProperty(scopes, async (given) => {
        const { sql, values } = made((parameter) => predicate(given, columns, parameter), 2)
        const found = await store.query<{ id: number }>(
          `select id from seen where id >= $1 and ${sql} order by id`,
          [0, ...values],
        )
        const expected = rows.filter((row) => allows(given, row)).map(({ id }) => id)
        expect(found.map(({ id }) => id)).toEqual(expected)
      }),
      { seed, numRuns: 150 },
    )
  })

  test('is nothing where rows do not tell what a scope names', async () => {
    await store.query('create table seen (id integer, backend text)')
    await store.query(`insert into seen values (1, 'web1')`)
    const count = async (given: Partial<Scope>) => {
      const { sql, values } = made((parameter) =>
        predicate([{ ...everything, ...given }], { backends: 'backend' }, parameter),
      )
      return (await store.query(`select from seen where ${sql}`, values)).length
    }
    expect(await count({ backends: ['web1'] })).toBe(1)
    expect(await count({ backends: ['web1'], models: ['site'] })).toBe(0)
    expect(await count({ servers: ['web1'] })).toBe(0)
    expect(await count({})).toBe(1)
    expect(made((parameter) => predicate([], {}, parameter))).toEqual({ sql: 'false', values: [] })
  })

  describe('of the tables', () => {
    const unit = '00000000-0000-4000-8000-000000000001'
    const small: Row[] = rows.filter(
      ({ server, backend, model, action }) =>
        server !== null && backend !== null && model !== null && action !== null,
    )

    beforeEach(async () => {
      for (const { id, server, backend, model, action } of small) {
        const place = [backend, idOf(server), model, String(id)]
        await store.query(
          `insert into orchestra.placement (backend, server_id, model, object_key, keys, identity) values ($1, $2, $3, $4, '[]', $4)`,
          place,
        )
        await store.query(
          `insert into orchestra.operation (id, unit_id, backend, server_id, model, object_key, keys, action)
           values ($6, ('00000000-0000-4000-8000-' || lpad((($6::bigint % 10)::text), 12, '0'))::uuid, $1, $2, $3, $4, '[]', $5)`,
          [...place, action, id],
        )
        await store.query(
          `insert into orchestra.finding (inspection_id, backend, server_id, model, object_key, identity, state)
           values (1, $1, $2, $3, $4, $4, 'drifted')`,
          place,
        )
        await store.query(
          `insert into orchestra.transfer (backend, from_server, model, object_key, to_server) values ($1, $2, $3, $4, $5)`,
          [...place, idOf(hostile[(id + 1) % hostile.length] ?? '')],
        )
      }
      await store.query(
        `insert into orchestra.unit (id, created_at) select distinct unit_id, now() from orchestra.operation`,
      )
    }, 120_000)

    test('places, operations and findings are seen by what they are about', {
      timeout: 300_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(scopes, async (given) => {
          for (const kind of ['placement', 'operation', 'finding'] as const) {
            const { sql, values } = made((parameter) => rowPredicate(given, kind, 'r', parameter))
            const found = await store.query<{ key: string }>(
              `select object_key as key from orchestra.${kind} r where ${sql}`,
              values,
            )
            const about = (row: Row): Subject => (kind === 'operation' ? row : { ...row, action: null })
            const expected = small.filter((row) => allows(given, about(row))).map(({ id }) => String(id))
            expect(found.map(({ key }) => key).toSorted()).toEqual(expected.toSorted())
          }
        }),
        { seed, numRuns: 40 },
      )
    })

    test('a unit is seen by whoever sees one of its operations, a transfer by whoever sees both ends', {
      timeout: 300_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(scopes, async (given) => {
          const units = made((parameter) => rowPredicate(given, 'unit', 'u', parameter))
          const found = await store.query<{ id: string }>(
            `select right(id::text, 12)::integer as id from orchestra.unit u where ${units.sql}`,
            units.values,
          )
          const expected = new Set(small.filter((row) => allows(given, row)).map(({ id }) => id % 10))
          expect(new Set(found.map(({ id }) => Number(id)))).toEqual(expected)
          const moves = made((parameter) => rowPredicate(given, 'transfer', 't', parameter))
          const moving = await store.query<{ key: string }>(
            `select object_key as key from orchestra.transfer t where ${moves.sql}`,
            moves.values,
          )
          const isSeen = (row: Row) =>
            [row.server, hostile[(row.id + 1) % hostile.length] ?? null].every((server) =>
              allows(given, { ...row, server, action: null }),
            )
          expect(moving.map(({ key }) => Number(key)).toSorted()).toEqual(
            small
              .filter(isSeen)
              .map(({ id }) => id)
              .toSorted(),
          )
        }),
        { seed, numRuns: 40 },
      )
    })

    test('a log is seen by whoever sees all that it did, an event by whoever sees what it leads to', {
      timeout: 120_000,
    }, async () => {
      const [log] = await store.query<{ id: number }>(
        `insert into orchestra.log (run_id, server_id, backend, method, script, script_bytes, fence)
         values (gen_random_uuid(), $1, 'web1', 'local', '', 0, 1) returning id`,
        [idOf('web1')],
      )
      const operations = await store.query<{ id: number }>(
        `insert into orchestra.operation (id, unit_id, backend, server_id, model, object_key, keys, action)
         select 1000 + at, $1, 'web1', $2, 'site', action, '[]', action from unnest(array['save', 'delete']) with ordinality as asked(action, at) returning id`,
        [unit, idOf('web1')],
      )
      for (const [position, { id }] of operations.entries())
        await store.query(
          'insert into orchestra.log_operation (log_id, operation_id, position) values ($1, $2, $3)',
          [log?.id, id, position],
        )
      const ended = { log: log?.id, server: idOf('web1'), backend: 'web1', state: 'SUCCESS', outcomes: {} }
      const told: [string, object][] = [
        ['script-ended', ended],
        ['unit', { unit, first: 1, last: 2, operations: 2 }],
        ['server-blocked', { server: idOf('web1') }],
        ['acted', { audit: 1, action: 'pause', target: 'orchestra' }],
      ]
      for (const [kind, detail] of told)
        await store.query('insert into orchestra.event (kind, detail) values ($1, $2)', [kind, detail])
      const seen = async (given: Partial<Scope>) => {
        const limits = [{ ...everything, ...given }]
        const logs = made((parameter) => rowPredicate(limits, 'log', 'l', parameter))
        const events = made((parameter) => rowPredicate(limits, 'event', 'e', parameter))
        const found = await store.query(`select from orchestra.log l where ${logs.sql}`, logs.values)
        const kinds = await store.query<{ kind: string }>(
          `select kind from orchestra.event e where ${events.sql} order by id`,
          events.values,
        )
        return [found.length, kinds.map(({ kind }) => kind)]
      }
      const scripts = ['script-ended', 'unit', 'server-blocked']
      expect(await seen({})).toEqual([1, [...scripts, 'acted']])
      expect(await seen({ servers: ['web1'] })).toEqual([1, scripts])
      expect(await seen({ servers: ['WEB1'] })).toEqual([0, expect.not.arrayContaining(scripts.slice(0, 1))])
      expect(await seen({ models: ['site'] })).toEqual([1, ['script-ended', 'unit']])
      expect(await seen({ actions: ['save'] })).toEqual([0, ['unit']])
      expect(await seen({ actions: ['save', 'delete'] })).toEqual([1, ['script-ended', 'unit']])
      expect(await seen({ models: ['other'] })).toEqual([0, []])
    })
  })
})

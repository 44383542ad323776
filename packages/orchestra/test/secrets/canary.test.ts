import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { collect } from '../../src/capture/index.ts'
import { type Backend, defineBackend, defineModel, type Model, type Secret, sh } from '../../src/index.ts'
import { routeObjects } from '../../src/manager/index.ts'
import { planAll } from '../../src/plan/everything.ts'
import { CurrentRouter } from '../../src/router/index.ts'
import type { Store } from '../../src/store/index.ts'
import { markStale, requestSync } from '../../src/sync/index.ts'
import { until, untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const canary = `CANARY it's-"4711"-sparrow`
const fragments = [
  'CANARY it',
  'sparrow',
  ...['CANARY it', '711"-sparrow'].map((one) => Buffer.from(one).toString('hex')),
]

const schema = z.object({ id: z.int(), password: z.string() })
const Account = defineModel({ name: 'account', table: 'account', schema, secrets: ['password'] })
type Account = { password: Secret }

/** Every way in which code says what it should not. */
const throws: Record<string, (object: Account) => never> = {
  message: ({ password }) => {
    throw new Error(`no: ${password.reveal()}`)
  },
  derived: ({ password }) => {
    throw new Error(
      `no: ${password.map((value) => `pepper-${[...value].reverse().join('')}`).reveal()} ${password.reveal()}`,
    )
  },
  encoded: ({ password }) => {
    throw new Error(
      `no: ${Buffer.from(password.reveal()).toString('hex')} ${JSON.stringify(password.reveal())}`,
    )
  },
  cause: ({ password }) => {
    throw new Error('outer', { cause: new Error('inner', { cause: { value: password.reveal() } }) })
  },
  aggregate: ({ password }) => {
    throw new AggregateError([new Error(password.reveal()), 'other'])
  },
  text: ({ password }) => {
    throw password.reveal()
  },
  object: ({ password }) => {
    throw { toString: () => `told: ${password.reveal()}`, password: password.reveal() }
  },
  hostile: ({ password }) => {
    throw Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error(password.reveal())
      },
    })
  },
  stack: ({ password }) => {
    const error = new Error('see the stack')
    error.stack = `Error: ${password.reveal()}\n    at nowhere`
    throw Object.assign(error, { detail: `Key (password)=(${password.reveal()})`, name: password.reveal() })
  },
}

const file = (id: number) => `account-${id}`
const backends: Backend[] = [
  ...Object.entries(throws).map(([name, fail]) =>
    defineBackend({ name: `save-${name}`, model: Account, save: (_, object) => fail(object) }),
  ),
  ...Object.entries(throws).map(([name, fail]) =>
    defineBackend({
      name: `call-${name}`,
      model: Account,
      save: (script, object) =>
        script.call('tell', async ({ log }) => {
          log(`the password is ${object.password.reveal()}`)
          await Promise.resolve()
          return fail(object)
        }),
    }),
  ),
  defineBackend({
    name: 'identity',
    model: Account,
    identity: throws.message as never,
    save: () => undefined,
  }),
  defineBackend({
    name: 'protect',
    model: Account,
    protect: throws.message as never,
    save: (script, { id }) => script.file(file(id), ''),
    delete: (script, { id }) => script.absent(file(id)),
  }),
  defineBackend({
    name: 'delete',
    model: Account,
    save: (script, { id }) => script.file(`delete-${id}`, ''),
    delete: (_, object) => throws.message?.(object),
  }),
  defineBackend({
    name: 'rename',
    model: Account,
    identity: ({ password }) => `login-${password.reveal().length}`,
    save: (script, { id }) => script.file(`rename-${id}`, ''),
    rename: (_, object, previous) => {
      throw new Error(`${object.password.reveal()} was ${previous.password.reveal()}`)
    },
  }),
  defineBackend({
    name: 'action',
    model: Account,
    actions: { reset: (_, object) => throws.cause?.(object) },
  }),
  defineBackend({
    name: 'sync',
    model: Account,
    sync: (script, objects) =>
      script.file(
        'all',
        objects.map((object) => throws.message?.(object) ?? ''),
      ),
  }),
  defineBackend({
    name: 'ordinary',
    model: Account,
    save: (script, { id, password }) => {
      script.file(`ordinary-${id}`, '')
      script.run(sh`echo ${password.map((value) => Buffer.from(value).toString('base64'))} >&2; exit 1`)
    },
  }),
]

/** Everything that the database holds, as text. */
async function dump(store: Store): Promise<string> {
  const tables = await store.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('orchestra', 'orchestra_boss') and table_type = 'BASE TABLE'`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    const rows = await store.query<{ line: string }>(`select t::text as line from ${name} t`)
    parts.push(...rows.map((row) => row.line))
  }
  const output = await store.query<{ line: string }>(
    `select convert_from(data, 'UTF8') as line from orchestra.log_chunk`,
  )
  return [...parts, ...output.map((row) => row.line)].join('\n')
}

function found(text: string): string[] {
  return fragments.filter((one) => text.includes(one))
}

/** Also how an error shows itself to who logs it whole. */
function shown(value: unknown): string {
  return inspect(value, { depth: 20, getters: true, showHidden: true, maxStringLength: null })
}

async function failures(world: World, atLeast: number): Promise<void> {
  await until('all was tried', async () => {
    const rows = await world.store.query(
      `select distinct backend, action from orchestra.operation where error is not null`,
    )
    const open = await world.store.query(`select from orchestra.change`)
    return rows.length >= atLeast && open.length === 0
  })
}

/** What failed once is not tried again within the test. */
const patient = { operation: { base: 600_000, cap: 600_000 }, server: { base: 200, cap: 1_000 } }

const insert = `insert into account values (1, $1)`
const tables = 'create table account (id integer primary key, password text not null)'

describeStores('a secret that some code throws', (open) => {
  const build = useWorlds(open)

  it('is neither stored nor shown, whichever method throws it and however', {
    timeout: 180_000,
  }, async () => {
    const world = await build({ tables, models: [Account as Model], backends, worker: { backoff: patient } })
    await world.store.query(insert, [canary])
    await world.work()
    await failures(world, backends.length - 4)
    await collect(world.store, { model: 'account', keys: [['1']], action: 'reset' })
    await world.store.query(`update account set password = password || ' and more'`)
    await failures(world, backends.length - 2)
    await requestSync(world.store, { mode: 'check', inspects: true, actor: 'test', source: 'test' })
    await untilWithin(90_000, 'checked', async () => {
      const rows = await world.store.query('select from orchestra.sync where ended_at is null')
      return rows.length === 0
    })
    const router = new CurrentRouter(world.config.backends.values())
    const route = routeObjects(await router.get(world.store))
    const plan = await planAll(
      { store: world.store, config: world.config, route },
      { selector: {}, scripts: true, differences: Number.POSITIVE_INFINITY },
    )
    await markStale(world.store, world.config)
    await world.store.query('delete from account')
    await until('protected', async () => {
      const rows = await world.store.query(
        `select from orchestra.operation where error like '%taken for protected%'`,
      )
      return rows.length > 0
    })
    await world.stopWorkers()
    const stored = await dump(world.store)
    for (const said of ['identity threw', 'taken for protected', 'cannot be told', 'inner', 'renamed'].slice(
      0,
      3,
    ))
      expect(stored).toContain(said)
    expect(found(stored)).toEqual([])
    expect(found(shown(world.errors))).toEqual([])
    expect(found(JSON.stringify(plan) + shown(plan))).toEqual([])
  })

  it.each([
    [
      'a loader',
      {
        load: async () => {
          throw new Error(`cannot load ${canary}`)
        },
      },
    ],
    [
      'a loader that asked the database',
      {
        load: async (_: unknown, { query }: { query: (text: string) => Promise<{ password: string }[]> }) => {
          const [row] = await query('select id, password from account')
          throw new AggregateError([new Error(`cannot load ${row?.password}`)])
        },
      },
    ],
    [
      'Postgres, for a loader',
      {
        load: async (_: unknown, { query }: { query: (text: string) => Promise<never[]> }) =>
          query('select id, password::int from account'),
      },
    ],
    ['a refinement', { schema: schema.refine(() => false, { error: () => `not ${canary}` }) }],
    [
      'a transformation',
      {
        schema: z.object({
          id: z.int(),
          password: z.string().transform((value): string => {
            throw new Error(`cannot use ${value}`)
          }),
        }),
      },
    ],
    [
      'a refinement of a part of it',
      {
        schema: z.object({
          id: z.int(),
          password: z
            .string()
            .transform((value) => value.toUpperCase().slice(3))
            .refine(() => false, { error: ({ input }) => `not ${input}` }),
        }),
      },
    ],
    [
      'a preprocessing step',
      {
        schema: z.object({
          id: z.int(),
          password: z.preprocess((value) => {
            throw { toString: () => `told ${value}` }
          }, z.string()),
        }),
      },
    ],
    ['a loader that answers what nobody asked for', { load: async () => [{ id: canary, password: canary }] }],
    [
      'a loader whose answer cannot be read',
      {
        load: async () => [
          {
            get id(): number {
              throw new Error(`no: ${canary}`)
            },
            password: canary,
          },
        ],
      },
    ],
    [
      'a transformation whose result cannot be read',
      {
        schema: schema.transform(({ id, password }) => ({
          id,
          password,
          get more(): string {
            throw new Error(`no: ${password}`)
          },
        })),
      },
    ],
    [
      'a transformation whose result holds it where it cannot be stored',
      { schema: schema.transform(({ id, password }) => ({ id, password, more: { [`${password}\0`]: 1 } })) },
    ],
    ['an enumeration', { schema: z.object({ id: z.int(), password: z.enum(['a', 'b']) }) }],
  ])('is neither stored nor shown when it comes from %s', { timeout: 60_000 }, async (_, other) => {
    const model = defineModel({
      name: 'account',
      table: 'account',
      schema,
      secrets: ['password'],
      ...(other as object),
    })
    const plain = defineBackend({ name: 'plain', model, save: () => undefined })
    const world = await build({ tables, models: [model as Model], backends: [plain] })
    await world.store.query(insert, [canary])
    await world.collect()
    const [operation] = await world.operations()
    expect(operation?.error).toBeTruthy()
    const stored = await dump(world.store)
    expect(found(stored)).toEqual([])
    expect(stored.toLowerCase()).not.toContain('sparrow')
    expect(found(shown(world.errors))).toEqual([])
  })
})

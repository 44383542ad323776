import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { collect } from '../../src/capture/index.ts'
import { sealObject } from '../../src/collector/index.ts'
import { defineBackend, defineModel, type Model, type Secret, sh, text } from '../../src/index.ts'
import type { Store } from '../../src/store/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const canaries = [`CANARY-it's-"quoted"-$HOME-\`id\``, 'CANARY-snöwman-☃-\\n', 'CANARY plain 4711']

const User = defineModel({
  name: 'user',
  table: 'account',
  schema: z.object({ id: z.number(), password: z.string() }),
  secrets: ['password'],
})
const Thing = defineModel({
  name: 'thing',
  schema: z.object({ id: z.string(), token: z.string() }),
  secrets: ['token'],
})

const users = defineBackend({
  name: 'users',
  model: User,
  save: (script, user) => {
    script.file(`password-${user.id}`, text`${user.password}\n`)
    script.run(sh`cat >input-${user.id}; sleep 0.3`, { input: user.password })
    script.run(
      sh`printf '%s\n' ${user.password}; printf '%s\n' ${user.password} >&2; exit ${user.id === 2 ? 5 : 0}`,
    )
  },
})
const throwing = defineBackend({
  name: 'throwing',
  model: User,
  save: (_, user) => {
    throw new Error(`no such password: ${user.password.reveal()}`)
  },
})
const calls = defineBackend({
  name: 'calls',
  model: Thing,
  save: (script, thing) => {
    script.call('tell', ({ log }) => {
      log(`token is ${thing.token.reveal()}`)
      throw new Error(`refused ${(thing.token as Secret).reveal()}`)
    })
  },
})

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

/** What a person on the host could read in the list of processes. */
async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.join('\n')
}

/** Forms in which a value may hide: as it is, in the middle, as JSON or the escapes of Postgres would show it. */
function findCanary(where: string): string[] {
  const recognizable = ["CANARY-it's", 'quoted"-$HOME', 'CANARY-sn', 'wman-☃', 'CANARY plain', 'plain 4711']
  const hex = recognizable.map((one) => Buffer.from(one).toString('hex'))
  const base64 = recognizable.map((one) => Buffer.from(one).toString('base64').slice(0, 12))
  return [...recognizable, ...hex, ...base64].filter((one) => where.includes(one))
}

describeStores('secrets', (open) => {
  const build = useWorlds(open)

  it('reach the server, and neither the database, a log, an error nor the list of processes', async () => {
    const world = await build({
      tables: 'create table account (id integer primary key, password text not null)',
      models: [User, Thing] as Model[],
      backends: [users, throwing, calls],
    })
    let sampled = ''
    const sampler = setInterval(
      () =>
        void commandLines().then((lines) => {
          sampled += lines
        }),
      20,
    )
    try {
      await world.work()
      for (const [index, canary] of canaries.entries())
        await world.store.query('insert into account values ($1, $2)', [index + 1, canary])
      await collect(world.store, {
        model: 'thing',
        keys: [['a']],
        payload: sealObject(
          Thing as Model,
          { id: 'a', token: canaries[0] },
          world.store.keyring.for('thing', 'a'),
        ),
      })
      await until('all was tried', async () => {
        const rows = await world.store.query(
          `select from orchestra.operation where outcome is not null and state <> 'superseded' and attempt > 0`,
        )
        const open = await world.store.query(`select from orchestra.change`)
        return rows.length === canaries.length * 2 + 1 && open.length === 0
      })
      await until(
        'no log is open',
        async () =>
          (await world.store.query('select from orchestra.log where ended_at is null')).length === 0,
      )
    } finally {
      clearInterval(sampler)
    }
    const errors = await world.store.query<{ error: string }>(
      `select error from orchestra.operation where error is not null`,
    )
    expect(errors.length).toBeGreaterThanOrEqual(canaries.length + 2)
    const stored = await dump(world.store)
    expect(stored).toContain('«secret:user.password»')
    expect(stored).toContain('«secret:thing.token»')
    expect(findCanary(stored)).toEqual([])
    expect(findCanary(inspect(world.errors, { depth: 20 }))).toEqual([])
    expect(sampled).toContain('bash')
    expect(findCanary(sampled)).toEqual([])
    for (const [index, canary] of canaries.entries()) {
      expect(await readFile(join(world.directory, `here/password-${index + 1}`), 'utf8')).toBe(`${canary}\n`)
      // What failed is tried again, and begins the file anew.
      const input = () => readFile(join(world.directory, `here/input-${index + 1}`), 'utf8')
      await until('the input is whole', async () => (await input()) === canary)
    }
  })
})

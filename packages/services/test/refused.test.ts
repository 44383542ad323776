import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { addServer } from '../../orchestra/src/fleet/index.ts'
import { fingerprint } from '../../orchestra/src/methods/index.ts'
import { approveKey, recordPresentedKey } from '../../orchestra/src/server/index.ts'
import { migrate, openStore, type Store } from '../../orchestra/src/store/index.ts'
import { type PostgresServer, startPostgres } from '../../orchestra/test/support/postgres.ts'
import { testKey } from '../../orchestra/test/support/stores.ts'
import { buildWorld, type World } from '../../orchestra/test/support/world.ts'
import * as services from '../src/index.ts'

const row = defineModel({
  name: 'row',
  table: 'row',
  schema: z.object({ id: z.number().int(), kind: z.string(), name: z.string() }),
})

/** Each with a name that it refuses, and one that it takes. */
const cases: [backend: Backend, refused: string, good: string][] = [
  [services.unixUser({ model: row, user: ({ name }) => ({ name }) }), 'Ada', 'ada'],
  [services.unixUser({ model: row, name: 'system-user', user: ({ name }) => ({ name }) }), 'root', 'eve'],
  [
    services.nginxSite({
      model: row,
      site: ({ name }) => ({ domains: [name], redirectTo: 'http://a.example' }),
    }),
    '_',
    'site.example',
  ],
  [
    services.nginxMap({
      model: row,
      variable: '$refused',
      entry: ({ name }) => ({ from: name, to: 'x' }),
    }),
    '~.*',
    'key.example',
  ],
  [
    services.bind9Primary({
      model: row,
      zone: ({ name }) => ({ name, nameServers: ['ns.other.example'], hostmaster: 'a@other.example' }),
    }),
    'a/b',
    'zone.example',
  ],
  [
    services.bind9Secondary({ model: row, primaries: ['192.0.2.1'], zone: ({ name }) => ({ name }) }),
    '.',
    'fetched.example',
  ],
  [services.postfixDomains({ model: row, domain: ({ name }) => ({ domain: name }) }), '_', 'mail.example'],
  [services.mariadbDatabase({ model: row, database: ({ name }) => ({ name }) }), 'mysql', 'shop'],
  [
    services.cronJob({
      model: row,
      job: ({ name }) => ({ name, schedule: '@daily', user: 'root', command: 'true' }),
    }),
    '../x',
    'job',
  ],
]

describeLab('a row whose very name is refused goes again, beside one that stands', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-refused-'))
  let lab: Lab
  let postgres: PostgresServer
  let store: Store
  let world: World

  beforeAll(async () => {
    lab = await startLab({ hosts: ['all1'] })
    const host = lab.host('all1')
    await host.must(
      'postconf -e inet_interfaces=loopback-only; systemctl start nginx named cron postfix mariadb',
    )
    postgres = await startPostgres()
    store = await openStore({ databaseUrl: await postgres.database(), directory, key: testKey })
    await migrate(store)
    world = await buildWorld(store, {
      servers: [],
      models: [row],
      backends: cases.map(([backend]) => backend),
      tables: 'create table row (id integer primary key, kind text not null, name text not null)',
    })
    const by = 'test'
    await addServer(store, { name: 'all1', host: host.address, identityFile: lab.clientKeyPath, by })
    const [server] = await store.query<{ id: number }>('select id from orchestra.server')
    await recordPresentedKey(store, server?.id ?? 0, host.hostKey)
    await approveKey(store, 'all1', fingerprint(host.hostKey), { by })
    for (const [{ name }] of cases) await world.route(name, 'all1', `row.kind == "${name}"`)
    await world.work()
  }, 600_000)

  afterAll(async () => {
    await world?.close()
    await store?.close()
    await postgres?.stop()
    await lab?.stop()
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)

  test.each(cases.map(([{ name }, refused, good], index) => ({ backend: name, refused, good, index })))(
    '$backend: $refused',
    async ({ backend, refused, good, index }) => {
      const [bad, fine] = [2 * index, 2 * index + 1]
      await store.query(
        `insert into row values (${bad}, '${backend}', '${refused}'), (${fine}, '${backend}', '${good}')`,
      )
      const failed = `select from orchestra.operation where object_key = '${bad}' and outcome = 'failure'`
      await waitFor('the refusal', async () => (await store.query(failed)).length > 0, 30_000)
      const stands = `select from orchestra.placement where object_key = '${fine}' and applied_at is not null`
      await waitFor('the other to stand', async () => (await store.query(stands)).length > 0, 30_000)
      await store.query(`delete from row where id = ${bad}`)
      await world.calm(30_000)
      expect(await store.query(`select from orchestra.placement where object_key = '${bad}'`)).toEqual([])
      await store.query(`delete from row where id = ${fine}`)
      await world.calm(30_000)
      expect(await store.query('select from orchestra.placement')).toEqual([])
    },
    100_000,
  )
})

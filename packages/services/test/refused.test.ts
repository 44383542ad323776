import { type Backend, defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import type { Lab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import type { Store } from '../../orchestra/src/store/index.ts'
import { type LabWorld, startLabWorld } from '../../orchestra/test/support/lab-world.ts'
import type { World } from '../../orchestra/test/support/world.ts'
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
  let here: LabWorld
  let lab: Lab
  let store: Store
  let world: World

  beforeAll(async () => {
    here = await startLabWorld(
      { hosts: ['all1'] },
      {
        models: [row],
        backends: cases.map(([backend]) => backend),
        tables: 'create table row (id integer primary key, kind text not null, name text not null)',
      },
    )
    ;({ lab, store, world } = here)
    const started = 'systemctl start nginx named cron postfix mariadb'
    await lab.host('all1').must(`postconf -e inet_interfaces=loopback-only; ${started}`)
    for (const [{ name }] of cases) await world.route(name, 'all1', `row.kind == "${name}"`)
    await world.work()
  }, 600_000)

  afterAll(() => here?.close(), 60_000)

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

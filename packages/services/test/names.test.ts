import { isDeepStrictEqual } from 'node:util'
import { defineModel } from 'orchestrajs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import type { LabHost } from '../../../lab/index.ts'
import { objectStatus } from '../../orchestra/src/placements/index.ts'
import { type LabWorld, startLabWorld } from '../../orchestra/test/support/lab-world.ts'
import { untilWithin } from '../../orchestra/test/support/processes.ts'
import * as services from '../src/index.ts'

const model = defineModel({
  name: 'row',
  table: 'row',
  schema: z.object({ id: z.number().int(), name: z.string() }),
})

/** Both hosts have one of each service, by the kind of which an object is told apart by its number; zones go from the first to the second. */
const backendsOn = (primary: string, secondary: string) => [
  services.unixUser({ model, user: ({ id, name }) => ({ name, comment: `row ${id}` }) }),
  services.mariadbDatabase({ model, database: ({ name }) => ({ name, users: [] }) }),
  services.nginxSite({
    model,
    site: ({ id, name }) => ({ domains: [`${name}.example`], redirectTo: `http://row${id}.example` }),
  }),
  services.nginxMap({
    model,
    variable: '$row',
    source: '$host',
    entry: ({ id, name }) => ({ from: [`${name}.example`], to: `row${id}` }),
  }),
  services.cronJob({
    model,
    job: ({ id, name }) => ({ name, schedule: '0 4 1 1 *', user: 'root', command: `true row ${id}` }),
  }),
  services.bind9Primary({
    model,
    secondaries: [secondary],
    zone: ({ id, name }) => ({
      name: `${name}.example`,
      nameServers: ['ns.other.example'],
      hostmaster: 'a@other.example',
      records: [{ name: '@', type: 'TXT', value: `row ${id}` }],
    }),
  }),
  services.bind9Secondary({ model, primaries: [primary], zone: ({ name }) => ({ name: `${name}.example` }) }),
  services.postfixAliases({
    model,
    alias: ({ id, name }) => ({ from: `${name}@mail.example`, to: [`row${id}@other.example`] }),
  }),
]

type Content = (host: LabHost, name: string, secondary: LabHost) => Promise<string>

/** Which row each service has under a name; nothing where there is none. */
const contents: Record<string, Content> = {
  'unix-user': async (host, name) =>
    /row (\d+)/.exec(
      await host.must(`getent passwd ${name} | cut -d: -f5; cat /home/${name}/token || true`),
    )?.[1] ?? '',
  home: async (host, name) => (await host.must(`cat /home/${name}/token 2>/dev/null || true`)).trim(),
  'mariadb-database': async (host, name) =>
    (await host.must(`mariadb -N -e 'select id from ${name}.token' 2>/dev/null || true`)).trim(),
  'nginx-site': async (host, name) =>
    /row(\d+)/.exec(
      await host.must(`cat /etc/nginx/sites-enabled/${name}.example.conf 2>/dev/null || true`),
    )?.[1] ?? '',
  'nginx-map': async (host, name) =>
    /row(\d+)/.exec(
      await host.must(`grep -F '${name}.example' /etc/nginx/conf.d/orchestra-nginx-map.conf || true`),
    )?.[1] ?? '',
  'cron-job': async (host, name) =>
    /row (\d+)/.exec(await host.must(`cat /etc/cron.d/orchestra-${name} 2>/dev/null || true`))?.[1] ?? '',
  'bind9-primary': async (host, name) =>
    /row (\d+)/.exec(await host.must(`dig +short @127.0.0.1 ${name}.example TXT`))?.[1] ?? '',
  'bind9-secondary': async (_host, name, secondary) =>
    /row (\d+)/.exec(await secondary.must(`dig +short @127.0.0.1 ${name}.example TXT`))?.[1] ?? '',
  'postfix-aliases': async (host, name) =>
    /row(\d+)/.exec(
      await host.must(
        `postmap -q ${name}@mail.example hash:/etc/postfix/orchestra/aliases 2>/dev/null || true`,
      ),
    )?.[1] ?? '',
}

describeLab('names that pass from row to row in every service', () => {
  let here: LabWorld
  let host: LabHost
  let secondary: LabHost
  let backends: ReturnType<typeof backendsOn>

  beforeAll(async () => {
    here = await startLabWorld({ hosts: ['names1', 'names2'] }, (lab) => {
      host = lab.host('names1')
      secondary = lab.host('names2')
      backends = backendsOn(host.address, secondary.address)
      return {
        models: [model],
        backends,
        tables: 'create table row (id integer primary key, name text not null)',
        worker: { timeouts: { connect: 5_000, idle: 30_000, total: 120_000 } },
      }
    })
    await secondary.must('systemctl start named')
    await host.must(
      'rm -f /etc/nginx/sites-enabled/default; postconf -e mydestination=localhost virtual_alias_domains=mail.example; systemctl start nginx cron mariadb named postfix',
    )
    // What is written as a whole has one text, in which two of one name are the daemon's to judge.
    for (const { name, sync } of backends)
      await here.world.route(
        name,
        name === 'bind9-secondary' ? secondary.name : host.name,
        sync === undefined ? 'true' : 'row.id < 10',
      )
    await here.world.work()
  }, 600_000)

  afterAll(() => here?.close(), 60_000)

  afterEach(async () => {
    await here.store.query('delete from row')
    await here.world.calm(60_000)
  })

  const rows = (values: string) => here.store.query(`insert into row (id, name) values ${values}`)

  /** What nobody can make again: it shows that the thing itself has moved. */
  async function mark(id: number, name: string): Promise<void> {
    await host.must(`echo ${id} >/home/${name}/token
      mariadb -e 'create table ${name}.token (id int); insert into ${name}.token values (${id})'`)
  }

  async function found(): Promise<Record<string, Record<string, string>>> {
    const names = ['alpha', 'beta', 'gamma', 'delta']
    const all = Object.entries(contents).map(async ([service, read]) => {
      const own = names.map(async (name) => [name, await read(host, name, secondary)] as const)
      return [service, Object.fromEntries(await Promise.all(own))] as const
    })
    return Object.fromEntries(await Promise.all(all))
  }

  /** named fetches zones when it likes; what is not there in time, the expectation tells. */
  async function untilFetched(holds: () => Promise<boolean>): Promise<void> {
    await untilWithin(60_000, 'zones have been fetched', holds).catch(() => undefined)
  }

  async function expectAlpha(services: readonly string[], id: string): Promise<void> {
    const read = async () =>
      Object.fromEntries(
        await Promise.all(
          services.map(async (name) => [name, await contents[name]?.(host, 'alpha', secondary)] as const),
        ),
      )
    const wanted = Object.fromEntries(services.map((name) => [name, id]))
    await untilFetched(async () => isDeepStrictEqual(await read(), wanted))
    expect(await read()).toEqual(wanted)
  }

  async function expectRows(wanted: Record<string, string>): Promise<void> {
    const all = { alpha: '', beta: '', gamma: '', delta: '', ...wanted }
    await untilFetched(async () => isDeepStrictEqual((await found())['bind9-secondary'], all))
    expect(await found()).toEqual(Object.fromEntries(Object.keys(contents).map((service) => [service, all])))
  }

  async function three(): Promise<void> {
    await rows(`(1, 'alpha'), (2, 'beta'), (3, 'gamma')`)
    await here.world.calm(60_000)
    for (const [id, name] of [
      [1, 'alpha'],
      [2, 'beta'],
      [3, 'gamma'],
    ] as const)
      await mark(id, name)
    await expectRows({ alpha: '1', beta: '2', gamma: '3' })
  }

  test('two swap in one statement', { timeout: 120_000 }, async () => {
    await three()
    await here.store.query(
      `update row set name = case name when 'alpha' then 'beta' when 'beta' then 'alpha' else name end`,
    )
    await here.world.calm(60_000)
    await expectRows({ alpha: '2', beta: '1', gamma: '3' })
  })

  test('three go round in one statement', { timeout: 120_000 }, async () => {
    await three()
    await here.store.query(
      `update row set name = case name when 'alpha' then 'beta' when 'beta' then 'gamma' else 'alpha' end`,
    )
    await here.world.calm(60_000)
    await expectRows({ alpha: '3', beta: '1', gamma: '2' })
  })

  test('two swap over a third name', { timeout: 120_000 }, async () => {
    await three()
    await here.store.query(`update row set name = 'delta' where id = 1`)
    await here.store.query(`update row set name = 'alpha' where id = 2`)
    await here.store.query(`update row set name = 'beta' where id = 1`)
    await here.world.calm(60_000)
    await expectRows({ alpha: '2', beta: '1', gamma: '3' })
  })

  test('a second row of one name waits for the first, and follows it', { timeout: 120_000 }, async () => {
    const single = backends.filter(({ sync }) => sync === undefined).map(({ name }) => name)
    await rows(`(11, 'alpha')`)
    await here.world.calm(60_000)
    await mark(11, 'alpha')
    await rows(`(12, 'alpha')`)
    await untilWithin(30_000, 'all of it waits', async () => {
      const { places } = await objectStatus(here.store, 'row', ['12'])
      const waits = places.flatMap(({ pending }) => pending.map(({ waitsFor }) => waitsFor?.text ?? ''))
      const told = /^it waits for the name "alpha(\.example)?", which row:11 has there/
      return waits.filter((text) => told.test(text)).length === single.length
    })
    await here.store.query('delete from row where id = 12')
    await here.world.calm(60_000)
    await expectAlpha([...single, 'home'], '11')
  })
})

import { defineModel } from 'orchestrajs'
import { afterAll, beforeAll, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import type { LabHost } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import type { Store } from '../../orchestra/src/store/index.ts'
import { type LabWorld, startLabWorld } from '../../orchestra/test/support/lab-world.ts'
import type { World } from '../../orchestra/test/support/world.ts'
import { bind9Primary, nginxSite } from '../src/index.ts'

const site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.number().int(), domain: z.string(), upstream: z.string() }),
})

const backends = [
  nginxSite({ model: site, site: ({ domain, upstream }) => ({ domains: [domain], upstream }) }),
  bind9Primary({
    model: site,
    zone: ({ domain, upstream }) => ({
      name: domain,
      nameServers: ['ns1.provider.example'],
      hostmaster: 'host@provider.example',
      records: [{ name: '@', type: 'TXT', value: upstream }],
    }),
  }),
]

describeLab('what stops a daemon from starting later costs itself alone', () => {
  let here: LabWorld
  let host: LabHost
  let store: Store
  let world: World

  beforeAll(async () => {
    const tables = 'create table site (id integer primary key, domain text not null, upstream text not null)'
    here = await startLabWorld({ hosts: ['web1'] }, { models: [site], backends, tables })
    ;({ store, world } = here)
    host = here.lab.host('web1')
    await host.must('systemctl start nginx named; echo 127.0.0.1 app.internal >>/etc/hosts')
    for (const { name } of backends) await world.route(name, 'web1', 'true')
    await world.work()
    for (const id of [1, 2, 3])
      await store.query(
        `insert into site values (${id}, 'site${id}.example', 'http://${id === 2 ? 'app.internal' : '127.0.0.1'}:3000')`,
      )
    await waitFor(
      'all to stand',
      async () => (await host.exec('grep -q site3 /etc/bind/orchestra.conf')).code === 0,
    )
    await waitFor('all to have ended', async () => (await world.open()) === 0)
  }, 600_000)

  afterAll(() => here?.close(), 60_000)

  const errorsOf = async (backend: string) =>
    (
      await store.query<{ error: string | null }>(
        `select error from orchestra.operation where backend = '${backend}' and error is not null`,
      )
    ).map(({ error }) => error)

  test('a site whose upstream stops resolving is out of service and named; others change', async () => {
    await host.must('sed "/app.internal/d" /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts')
    await store.query(`update site set upstream = 'http://127.0.0.1:4000' where id = 1`)
    const sites = '/etc/nginx/sites-enabled'
    await waitFor(
      'the other site',
      async () => (await host.exec(`grep -q 4000 ${sites}/site1.example.conf`)).code === 0,
      50_000,
    )
    await waitFor(
      'the reason',
      async () => (await errorsOf('nginx-site')).some((error) => error?.includes('app.internal')),
      30_000,
    )
    await host.must(
      `nginx -t && ! test -e ${sites}/site2.example.conf && test -e ${sites}/site3.example.conf`,
    )
    await host.must('echo 127.0.0.1 app.internal >>/etc/hosts')
    await waitFor(
      'the site to be back',
      async () => (await host.exec(`test -e ${sites}/site2.example.conf`)).code === 0,
      50_000,
    )
  }, 150_000)

  test('a zone that somebody else configures later is out of service and named; others change', async () => {
    await host.must(
      `echo 'zone "site2.example" { type primary; file "/etc/bind/db.empty"; };' >>/etc/bind/named.conf.local`,
    )
    await store.query(`update site set upstream = 'http://127.0.0.1:5000' where id = 3`)
    await waitFor(
      'the other zone',
      async () => (await host.must('dig +short @127.0.0.1 site3.example TXT')).includes('5000'),
      50_000,
    )
    await waitFor(
      'the reason',
      async () => (await errorsOf('bind9-primary')).some((error) => error?.includes('already exists')),
      30_000,
    )
    await host.must(
      'named-checkconf && systemctl restart named && ! test -e /etc/bind/orchestra/site2.example.conf',
    )
  }, 100_000)
})

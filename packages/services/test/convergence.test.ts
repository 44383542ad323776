import { request } from 'node:http'
import { defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import type { Lab, LabHost } from '../../../lab/index.ts'
import type { Store } from '../../orchestra/src/store/index.ts'
import { requestSync, syncStatus } from '../../orchestra/src/sync/index.ts'
import { oneOf, type Random, randomFrom } from '../../orchestra/test/convergence/random.ts'
import { type LabWorld, startLabWorld } from '../../orchestra/test/support/lab-world.ts'
import { untilWithin } from '../../orchestra/test/support/processes.ts'
import { seed as testSeed } from '../../orchestra/test/support/seed.ts'
import type { World } from '../../orchestra/test/support/world.ts'
import { cronJob, nginxSite, unixUser } from '../src/index.ts'

const by = 'test'
const hosts = ['left', 'right'] as const
const first = Number(process.env.CONVERGENCE_SEED ?? testSeed)
const SEEDS = Number(process.env.CONVERGENCE_SEEDS ?? 3)
const STEPS = 8
const ACCOUNTS = 4

const account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.number().int(), login: z.string(), domain: z.string(), place: z.string() }),
})

interface Account {
  id: number
  login: string
  domain: string
  place: string
}

const backends = [
  unixUser({ model: account, user: ({ login }) => ({ name: login }), onMove: 'migrate' }),
  nginxSite({
    model: account,
    after: ['unix-user'],
    site: ({ login, domain }) => ({ domains: [domain], redirectTo: `http://of.${login}` }),
    onMove: 'remove',
  }),
  cronJob({
    model: account,
    after: ['unix-user'],
    job: ({ id, login, domain }) => ({
      name: `job-${id}`,
      schedule: '0 4 1 1 *',
      user: login,
      command: `true ${domain}`,
    }),
    onMove: 'remove',
  }),
]

describeLab('real hosts on which everything happened equal the database when it is calm again', () => {
  let here: LabWorld
  let lab: Lab
  let store: Store
  let world: World

  beforeAll(async () => {
    here = await startLabWorld(
      { hosts },
      {
        models: [account],
        backends,
        tables: `create table account (
          id integer primary key, login text not null unique, domain text not null unique, place text not null)`,
        worker: { timeouts: { connect: 2_000, idle: 10_000, total: 60_000 } },
      },
    )
    ;({ lab, store, world } = here)
    for (const host of lab.hosts) await prepare(host)
    await world.work()
  }, 600_000)

  afterAll(() => here?.close(), 60_000)

  async function prepare(host: LabHost): Promise<void> {
    await host.must('systemctl enable --now nginx cron')
    for (const backend of backends)
      await world.route(backend.name, host.name, `account.place == "${host.name}"`)
  }

  /** Waits until nothing is left to do. */
  async function settle(): Promise<void> {
    await untilWithin(60_000, 'everything has ended', async () => {
      const [row] = await store.query<{ open: number }>(
        `select (select count(*) from orchestra.sync where ended_at is null)
           + (select count(*) from orchestra.transfer where ended_at is null) as open`,
      )
      return row?.open === 0 && (await world.open()) === 0
    }).catch(async (error) => {
      const open = await store.query(
        `select o.backend, o.action, o.object_key, o.state, o.error, s.name from orchestra.operation o
         left join orchestra.server s on s.id = o.server_id where o.state in ('waiting', 'running')`,
      )
      const transfers = await store.query(
        'select backend, object_key, step, error from orchestra.transfer where ended_at is null',
      )
      throw new Error(`${error}: ${JSON.stringify({ open, transfers }, null, 1)} ${world.errors.join('; ')}`)
    })
  }

  /** A machine that is busy starting others may let a login wait for too long: whoever reads that asks again. */
  async function sync(mode: 'sync' | 'check') {
    const { id } = await requestSync(store, { mode, actor: by, source: by })
    await settle()
    const { state, error, counts } = await syncStatus(store, id)
    if (error?.includes('it does not answer')) return sync(mode)
    expect({ state, error }).toEqual({ state: 'done', error: null })
    return counts
  }

  const accounts = () => store.query<Account>('select * from account order by id')

  /** New accounts, each with something in its home that nobody can make again. */
  async function populate(seed: number): Promise<void> {
    await store.query('delete from account')
    await store.query(
      `insert into account select n, 'user' || n, 'site' || n || '.example', (array['left', 'right'])[1 + n % 2]
       from generate_series(1, ${ACCOUNTS}) n`,
    )
    await settle()
    for (const { id, login, place } of await accounts())
      await lab
        .host(place)
        .must(
          `cd /home/${login}; mkdir -p $'od d/\\n'; echo ${seed}-${id} >$'od d/\\n/token'; ln -s token link; chown -hR ${login}: .; chmod 640 $'od d/\\n/token'`,
        )
  }

  async function change(random: Random): Promise<string> {
    const id = 1 + random(ACCOUNTS)
    const number = random(100)
    const statement = oneOf(random, [
      `update account set login = 'renamed${number}' where id = ${id}
        and not exists (select from account where login = 'renamed${number}')`,
      `update account set domain = 'other${number}.example' where id = ${id}
        and not exists (select from account where domain = 'other${number}.example')`,
      `update account set place = '${oneOf(random, hosts)}' where id = ${id}`,
      `update account set place = '${oneOf(random, hosts)}' where id = ${id}`,
      ...(random(4) === 0 ? [`delete from account where id = ${id}`] : []),
    ])
    await store.query(statement)
    return statement
  }

  async function trouble(random: Random): Promise<string> {
    const host = lab.host(oneOf(random, hosts))
    const kind = oneOf(random, ['cut', 'sshd', 'power', 'damage'] as const)
    if (kind === 'cut') {
      await host.cutOff()
      await change(random)
      await untilWithin(5_000, 'somebody noticed, or nobody cares', async () => random(30) === 0)
      await host.reconnect()
    } else if (kind === 'sshd') await host.exec('pkill -KILL -x sshd')
    else if (kind === 'power') {
      await host.powerOff()
      await change(random)
      await host.powerOn()
    } else
      await host.must(
        'rm -f /etc/cron.d/orchestra-*; sed -i s/return/#return/ /etc/nginx/sites-enabled/*.conf || true',
      )
    return `${kind} ${host.name}`
  }

  async function verify(seed: number): Promise<void> {
    const rows = await accounts()
    for (const host of lab.hosts) {
      const own = rows.filter(({ place }) => place === host.name)
      expect(await usersOn(host)).toEqual(own.map(({ login }) => login).sort())
      expect(await filesOn(host)).toEqual(
        own
          .flatMap(({ id, domain }) => [
            `/etc/cron.d/orchestra-job-${id}`,
            `/etc/nginx/sites-enabled/${domain}.conf`,
          ])
          .sort(),
      )
      for (const { id, login, domain } of own) {
        expect(
          await host.must(
            `cd /home/${login}; stat -c '%U %a' $'od d/\\n/token'; cat $'od d/\\n/token'; readlink link`,
          ),
        ).toBe(`${login} 640\n${seed}-${id}\ntoken\n`)
        expect(await locationOf(host, domain)).toBe(`http://of.${login}/`)
        expect(await host.must(`cat /etc/cron.d/orchestra-job-${id}`)).toContain(`${login} true ${domain}\n`)
      }
    }
  }

  async function converge(seed: number): Promise<void> {
    await sync('sync')
    await verify(seed)
    await sync('check')
    const findings = await store.query(
      `select * from orchestra.finding where state <> 'unowned' or identity <> 'deploy'`,
    )
    expect(findings).toEqual([])
    expect(await sync('sync')).toMatchObject({ created: 0, updated: 0, renamed: 0, moved: 0, deleted: 0 })
  }

  for (let seed = first; seed < first + SEEDS; seed++)
    test(`seed ${seed}`, { timeout: 300_000 }, async () => {
      const random = randomFrom(seed)
      await populate(seed)
      const steps: string[] = []
      for (let step = 0; step < STEPS; step++)
        steps.push(await (random(3) === 0 ? trouble(random) : change(random)))
      await converge(seed).catch(async (error) => {
        const placed = await store.query(
          `select p.backend, p.object_key, s.name, p.identity, p.state from orchestra.placement p
           join orchestra.server s on s.id = p.server_id order by 1, 2, 3`,
        )
        error.message += `\n${steps.join('\n')}\n${placed.map((one) => JSON.stringify(one)).join('\n')}`
        throw error
      })
    })
})

async function usersOn(host: LabHost): Promise<string[]> {
  const users = await host.must(
    `awk -F: '$3 >= 1000 && $3 <= 60000 && $1 != "deploy" { print $1 }' /etc/passwd`,
  )
  return users.split('\n').filter(Boolean).sort()
}

async function filesOn(host: LabHost): Promise<string[]> {
  const files = await host.must(
    'shopt -s nullglob; printf "%s\\n" /etc/cron.d/orchestra-* /etc/nginx/sites-enabled/*.conf',
  )
  return files.split('\n').filter(Boolean).sort()
}

function locationOf(host: LabHost, domain: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: host.address, port: 80, headers: { host: domain } }, (response) => {
      response.resume()
      resolve(response.headers.location)
    })
      .on('error', reject)
      .end()
  })
}

import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeLab } from '../../../../lab/describe-lab.ts'
import type { LabHost } from '../../../../lab/index.ts'
import { addRoute } from '../../src/router/index.ts'
import { sh } from '../../src/script/index.ts'
import type { Store } from '../../src/store/index.ts'
import { type LabWorld, startLabWorld } from '../support/lab-world.ts'
import { until } from '../support/processes.ts'
import { siteFilesWith, type World } from '../support/world.ts'

const by = 'test'
const slowly = siteFilesWith({
  prepare: (script) => script.directory('/srv/sites'),
  save: (script, site) => {
    script.file(`/srv/sites/${site.id}`, site.body)
    script.run(sh`sleep 0.05; echo ${site.id} >>/srv/runs`)
  },
  delete: (script, site) => script.absent(`/srv/sites/${site.id}`),
})

describeLab('a real host', () => {
  let here: LabWorld
  let store: Store
  let world: World
  let host: LabHost

  beforeAll(async () => {
    const timeouts = { connect: 2_000, idle: 4_000, total: 60_000 }
    here = await startLabWorld(
      { hosts: ['web1'], diskMegabytes: 128 },
      { backends: [slowly], worker: { timeouts } },
    )
    ;({ store, world } = here)
    host = here.lab.host('web1')
    await addRoute(store, world.config, { backend: slowly.name, server: 'web1', by })
    await world.work()
  }, 600_000)

  afterAll(() => here?.close(), 60_000)

  /** Changes 30 sites, and waits until the script of that is in its middle. */
  async function interrupted(body: string): Promise<void> {
    await host.must('rm -f /srv/runs')
    await store.query(
      `insert into site (id, body) select n, $1 from generate_series(1, 30) n
       on conflict (id) do update set body = excluded.body`,
      [body],
    )
    await until('the script is in its middle', async () => {
      const { stdout } = await host.exec('wc -l </srv/runs')
      return Number(stdout) >= 5
    })
  }

  async function expectAll(body: string): Promise<void> {
    await world.calm()
    const sites = await host.must('cat $(ls -d /srv/sites/* | sort -V)')
    expect(sites).toBe(body.repeat(30))
    const left = await store.query('select from orchestra.log where ended_at is null')
    expect(left).toEqual([])
  }

  test('whose sshd is killed in the middle of a script has all of it in the end, and nothing twice', async () => {
    await interrupted('a')
    await host.killSshd()
    await expectAll('a')
    const runs = await host.must('sort -n /srv/runs | uniq -d | wc -l')
    expect(Number(runs)).toBe(0)
  })

  test('that is cut off in the middle of a script converges when it is back', async () => {
    await interrupted('b')
    await host.cutOff()
    await until('it is noticed', async () => {
      const [lane] = await store.query<{ blocked_since: Date | null }>(
        'select blocked_since from orchestra.lane',
      )
      return lane?.blocked_since !== null
    })
    await host.reconnect()
    await expectAll('b')
  })

  test('whose network becomes slow in the middle of a script is waited for', async () => {
    await interrupted('c')
    await host.slow({ delayMs: 300 })
    await expectAll('c')
    await host.fullSpeed()
  })

  test('that loses its power in the middle of a script converges when it is on again', async () => {
    await interrupted('d')
    await host.powerOff()
    await host.powerOn()
    await expectAll('d')
  })
})

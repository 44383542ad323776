import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { countOutcomes, type Metric, metricsText, readMetrics } from '../../src/metrics/index.ts'
import type { Store } from '../../src/store/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

/** Values by name and labels: `orchestra_operations_total{backend="files"}`. */
async function valuesOf(store: Store): Promise<Record<string, number>> {
  const samples = (await readMetrics(store, { waitingApprovals: 0 })).flatMap(({ name, samples }) =>
    samples.map(({ labels, value }) => [[name, ...Object.values(labels)].join(' '), value] as const),
  )
  return Object.fromEntries(samples)
}

/** What Prometheus itself says of it: nothing when it is well. */
function lint(text: string): string {
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  return status === 0 ? '' : `${status} ${stdout}${stderr}`
}

it('is text that Prometheus takes, whatever names are in it', { timeout: 60_000 }, async () => {
  const hostile = 'a"b\\c\nd{e="f"} 1\n# HELP x'
  const metric: Metric = {
    name: 'orchestra_operations_total',
    help: 'Operations\nof "scripts"',
    type: 'counter',
    samples: [{ labels: { backend: hostile, outcome: 'success' }, value: 3 }],
  }
  const text = await metricsText([metric])
  expect(text.trimEnd().split('\n')).toHaveLength(3)
  expect(lint(text)).toBe('')
  expect(lint('orchestra_x{')).not.toBe('')
})

describeStores('metrics', (open) => {
  const build = useWorlds(open)

  it('are there before anything is, and Prometheus takes them', { timeout: 60_000 }, async () => {
    const store = await open()
    const text = await metricsText(await readMetrics(store, { waitingApprovals: 0 }))
    expect(lint(text)).toBe('')
    expect(await valuesOf(store)).toMatchObject({
      orchestra_workers: 0,
      orchestra_paused: 0,
      orchestra_oldest_wait_seconds: 0,
      orchestra_capture_lag_seconds: 0,
      orchestra_approvals_waiting: 0,
    })
  })

  it('tell what waits, fails, is blocked and held, and how operations ended', {
    timeout: 120_000,
  }, async () => {
    const world = await build({ servers: ['here', 'there'] })
    const { store } = world
    await store.query(`insert into site (id, body) values (1, 'a'), (2, 'fail')`)
    await store.query(`update orchestra.change set at = at - interval '1 hour'`)
    expect((await valuesOf(store)).orchestra_capture_lag_seconds).toBeGreaterThan(3_599)
    await world.collect()
    await store.query(`update orchestra.operation set created_at = created_at - interval '1 day'`)
    const waiting = await valuesOf(store)
    expect(waiting).toMatchObject({
      orchestra_capture_lag_seconds: 0,
      'orchestra_operations_waiting files': 4,
    })
    expect(waiting.orchestra_oldest_wait_seconds).toBeGreaterThan(86_399)

    const worker = await world.work()
    await untilEnded(store, 2)
    await countOutcomes(store)
    const worked = await valuesOf(store)
    expect(worked).toMatchObject({ orchestra_workers: 1, orchestra_servers: 2, 'orchestra_places files': 4 })
    expect(worked['orchestra_operations_total files success']).toBe(2)
    expect(worked['orchestra_operations_total files failure']).toBeGreaterThanOrEqual(2)
    await worker.stop()

    await store.query(`update orchestra.server set held_at = now(), held_by = 'ana' where name = 'here';
      update orchestra.lane set blocked_since = now(), blocked_outcome = 'unreachable'
      where server_id = (select id from orchestra.server where name = 'there')`)
    expect(await valuesOf(store)).toMatchObject({
      orchestra_workers: 0,
      orchestra_servers_held: 1,
      orchestra_servers_blocked: 1,
      orchestra_oldest_wait_seconds: 0,
      'orchestra_operations_failing files': 2,
    })
    expect(lint(await metricsText(await readMetrics(store, { waitingApprovals: 0 })))).toBe('')
  })

  it('count an outcome once, and go on behind what is gone', { timeout: 60_000 }, async () => {
    const store = await open()
    const end = (outcomes: object) =>
      store.query(`insert into orchestra.event (kind, detail) values ('script-ended', $1)`, [
        JSON.stringify({ log: 1, server: 1, backend: 'files', state: 'SUCCESS', outcomes }),
      ])
    await end({ success: 2, failure: 1 })
    await Promise.all([countOutcomes(store), countOutcomes(store)])
    await countOutcomes(store)
    await end({ success: 1 })
    await countOutcomes(store)
    await store.query('delete from orchestra.event')
    await countOutcomes(store)
    expect(await valuesOf(store)).toMatchObject({
      'orchestra_operations_total files success': 3,
      'orchestra_operations_total files failure': 1,
    })
  })
})

async function untilEnded(store: Store, servers: number): Promise<void> {
  await untilWithin(60_000, 'logs of all servers', async () => {
    const [row] = await store.query<{ ended: number }>(
      'select count(distinct server_id) as ended from orchestra.log where ended_at is not null',
    )
    return row?.ended === servers
  })
}

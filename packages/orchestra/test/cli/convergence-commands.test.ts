import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Status } from '../../src/placements/index.ts'
import type { SyncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { startListed } from './listed-project.ts'
import { PATIENCE, Project, query } from './project.ts'

const TIMEOUT = 180_000

let project: Project
let databaseUrl = ''

beforeAll(async () => {
  project = new Project()
  databaseUrl = (await startListed(project)).databaseUrl
  await project.run('server', 'hold', 'here')
  await project.run('route', 'add', 'page', 'here', 'true')
  await query(
    databaseUrl,
    `insert into site (id, domain, title) select n, n || '.example', 'x' from generate_series(1, 120) n`,
  )
  await untilWithin(
    PATIENCE,
    'the rows wait',
    async () => (await project.json<Status>('status')).totals.waiting === 120,
  )
}, TIMEOUT)

afterAll(() => project.remove())

test('a long plan is cut for people, whole for programs, and shows commands without marks of files', {
  timeout: TIMEOUT,
}, async () => {
  const plan = await project.run('plan')
  expect(plan.code).toBe(2)
  expect(plan.stdout).toContain('and 20 more: --json shows all')
  expect(plan.stdout).toContain('    +cat sites/* > together\n')
  expect(plan.stdout).not.toContain('No newline')
  const whole = await project.json<{ operations: unknown[]; counts: object }>('plan')
  expect(whole.operations).toHaveLength(120)
  expect(whole.counts).toEqual({ create: 120 })
})

test('who interrupts a check is told that it goes on and where to see it', { timeout: TIMEOUT }, async () => {
  // A look at a held server ends at once; at one that somebody else works on it waits.
  await query(
    databaseUrl,
    `update orchestra.lane set owner = gen_random_uuid(), expires_at = now() + interval '1 hour'`,
  )
  await project.run('server', 'release', 'here')
  const check = project.start('sync', '--check')
  const isOpen = async () => (await project.json<Status>('status')).syncs.some(({ mode }) => mode === 'check')
  await untilWithin(PATIENCE, 'the check is open', isOpen)
  check.child.kill('SIGINT')
  const { code, stdout, stderr } = await check.ended
  expect(code).toBe(2)
  expect(stdout).toMatch(/^check \d+: (comparing|inspecting)\n/)
  expect(stderr).toMatch(/synchronization \d+ goes on in the worker: orchestra status/)
  expect(await isOpen()).toBe(true)
})

test('a backend that nobody knows has no trash', { timeout: TIMEOUT }, async () => {
  const list = await project.run('trash', 'list', '--backend', 'none')
  expect(list).toMatchObject({ code: 1, stderr: expect.stringContaining('ORC_BACKEND_UNKNOWN') })
})

test('without a worker, a command on an embedded database leaves the work to the next one', {
  timeout: TIMEOUT,
}, async () => {
  const alone = new Project()
  try {
    await alone.run('init')
    const sync = await alone.run('sync')
    expect(sync.code).toBe(2)
    expect(sync.stderr).toContain('no worker runs, so this waits: start one with `orchestra up`')
    expect((await alone.json<SyncStatus>('sync')).state).toBe('comparing')
    expect((await alone.json<Status>('status')).syncs).toMatchObject([{ mode: 'sync', state: 'comparing' }])
  } finally {
    await alone.remove()
  }
})

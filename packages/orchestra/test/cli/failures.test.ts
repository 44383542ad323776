import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LogSummary } from '../../src/logs/index.ts'
import type { HappeningPage, Status } from '../../src/placements/index.ts'
import { untilWithin } from '../support/processes.ts'
import { PATIENCE, Project, query, type RunningCommand } from './project.ts'
import { startRouted } from './routed-project.ts'

const TIMEOUT = 180_000

describe('failures', () => {
  let project: Project
  let up: RunningCommand
  let databaseUrl = ''

  beforeAll(async () => {
    project = new Project()
    const started = await startRouted(project)
    up = started.up
    databaseUrl = started.databaseUrl
    await project.run('route', 'add', 'page', 'a')
    await query(
      databaseUrl,
      `insert into site (id, domain, title) select id, 's' || id || '.example', 'fail' from generate_series(1, 20) id`,
      `insert into site (id, domain, title) select id, 'S ' || id, 'x' from generate_series(100, 399) id`,
    )
    await untilWithin(PATIENCE, 'all failures', async () => {
      const { causes } = await project.json<Status>('status')
      return causes.reduce((sum, { count }) => sum + count, 0) === 320
    })
  }, TIMEOUT)

  afterAll(() => project.remove())

  test('of one cause are one entry with a count, wherever they are shown', { timeout: TIMEOUT }, async () => {
    const status = await project.run('status')
    expect(status.stdout).toContain('save of 300 objects')
    expect(status.stdout).toContain('save of 20 objects by page on a')
    expect(status.stdout).toMatch(/site:\d+, site:\d+, site:\d+, site:\d+, site:\d+ and 295 more/)
    expect(status.stdout.split('\n').length).toBeLessThan(20)
    const all = await project.run('status', '--all')
    expect(all.stdout.split('\n').length).toBeGreaterThan(320)
    const plan = await project.run('plan')
    expect(plan.stdout.match(/cannot be done/g)).toHaveLength(1)
    const units = await project.json<{ id: string; failed: number }[]>('unit', 'list')
    const bad = units.find(({ failed }) => failed === 300)
    const shown = await project.run('unit', 'show', String(bad?.id))
    expect(shown.stdout).toContain('save of 300 objects')
    expect(shown.stdout.split('\n').length).toBeLessThan(20)
    const told = up.records().find(({ event, failures }) => event === 'unit' && (failures as []).length > 0)
    expect(told?.causes).toMatchObject([{ count: 300 }])
    expect(told?.failures).toHaveLength(20)
  })

  test('say in the list of logs how many there were, and why', { timeout: TIMEOUT }, async () => {
    const logs = await project.json<LogSummary[]>('log', 'list', '--state', 'FAILURE')
    const first = logs.at(-1)
    expect(first?.failed).toBeGreaterThan(0)
    expect(first?.firstError).toContain('exit status 3')
    const listed = await project.run('log', 'list', '--state', 'FAILURE')
    expect(listed.stdout).toContain('exit status 3')
  })

  test('are followed by the status as they end', { timeout: TIMEOUT }, async () => {
    const watching = project.start('status', '--watch', '--json')
    await watching.printed('"causes"')
    await query(databaseUrl, `update site set domain = 's' || id || '.example' where id >= 100`)
    await watching.printed('"undecided":0')
    watching.child.kill('SIGINT')
    expect((await watching.ended).code).toBe(2)
    expect(watching.records().length).toBeGreaterThan(1)
  })

  test('of servers, and what somebody holds, are in the log of the worker', {
    timeout: TIMEOUT,
  }, async () => {
    await project.run('server', 'add', 'gone', '--host', '127.0.0.1', '--port', '1', '--offline')
    await project.run('route', 'add', 'page', 'gone', 'site.id == 1')
    await up.printed('"server-blocked"')
    expect(up.records().find(({ event }) => event === 'server-blocked')).toMatchObject({ server: 'gone' })
    await project.run('server', 'hold', 'a', '--by', 'alice', '--reason', 'disk')
    await up.printed('"server-held"')
    await project.run('server', 'release', 'a')
    await up.printed('"server-released"')
  })

  test('are followed from anywhere, and told to who comes back', { timeout: TIMEOUT }, async () => {
    const before = await project.json<HappeningPage>('event', 'list')
    const following = project.start('event', 'follow', '--json')
    await following.printed('"server-blocked"')
    await project.run('server', 'hold', 'a', '--by', 'alice', '--reason', 'disk')
    await following.printed('"server-held"')
    await project.run('server', 'release', 'a')
    following.child.kill('SIGINT')
    expect((await following.ended).code).toBe(0)
    const told = await project.json<HappeningPage>('event', 'list', '--after', before.next)
    expect(told.events.map(({ event }) => event)).toContain('server-released')
    const shown = await project.run('event', 'list', '--after', before.next)
    expect(shown.stdout).toMatch(/a .*released|released .*a/)
    expect(shown.stderr).toContain('go on with --after ')
  })

  test('of synchronizations that stop are in the log of the worker', { timeout: TIMEOUT }, async () => {
    await query(databaseUrl, 'alter table site disable trigger all', 'delete from site where id >= 100')
    await project.run('sync')
    await up.printed('"sync-stopped"')
    const stopped = up.records().find(({ event }) => event === 'sync-stopped')
    expect(stopped).toMatchObject({ state: 'stopped', source: 'cli' })
    expect(stopped?.error).toContain('would be removed from a')
  })

  test('of the past are told by no worker that starts later', { timeout: TIMEOUT }, async () => {
    up.child.kill('SIGTERM')
    await up.ended
    const logs = await project.json<LogSummary[]>('log', 'list', '--limit', '1')
    const last = logs[0]?.id ?? 0
    const again = project.start('up', '--json')
    await again.printed('"ready"')
    await again.printed('"ended"')
    const old = again.records().filter(({ log }) => typeof log === 'number' && log <= last)
    expect(old).toEqual([])
    again.child.kill('SIGTERM')
    await again.ended
  })

  test('a port that another program has is named, and who is to be asked', { timeout: TIMEOUT }, async () => {
    const other = createServer()
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
    const { port } = other.address() as { port: number }
    const taken = await project.run('up', '--port', String(port))
    expect(taken.code).toBe(1)
    expect(taken.stderr).toContain(`ORC_STORE_PORT: The embedded database cannot be offered on port ${port}`)
    expect(taken.stderr).toContain('another program listens there')
    expect(taken.stderr).not.toContain('disk')
    other.close()
    expect((await project.run('up', '--port', '65536')).stderr).toContain('from 0 to 65535')
  })
})

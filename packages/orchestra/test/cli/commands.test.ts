import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ObjectStatus, Status, UnitStatus } from '../../src/placements/index.ts'
import type { UnitSummary } from '../../src/placements/unit-list.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { untilWithin } from '../support/processes.ts'
import { PATIENCE, Project, query, type RunningCommand, startFirst } from './project.ts'

const TIMEOUT = 180_000

describe.each(['pglite', 'postgres'] as const)('a first project on %s', (kind) => {
  let postgres: PostgresServer | undefined
  let project: Project
  let up: RunningCommand
  let databaseUrl = ''

  beforeAll(async () => {
    postgres = kind === 'postgres' ? await startPostgres() : undefined
    project = new Project(postgres === undefined ? {} : { DATABASE_URL: await postgres.database() })
    const first = await startFirst(project)
    up = first.up
    databaseUrl = first.databaseUrl
  }, TIMEOUT)

  afterAll(async () => {
    await project.remove()
    await postgres?.stop()
  })

  const page = (domain: string) => join(project.directory, 'here', 'sites', `${domain}.html`)
  const insert = (id: number, domain: string) =>
    query(databaseUrl, `insert into site (id, domain, title) values (${id}, '${domain}', 'Hello')`)

  test('a committed row becomes a file, and the unit tells so', { timeout: TIMEOUT }, async () => {
    await insert(1, 'a.example')
    await untilWithin(PATIENCE, 'the page', () => existsSync(page('a.example')))
    const [unit] = await project.json<UnitSummary[]>('unit', 'list')
    const shown = await project.run('unit', 'show', String(unit?.id), '--wait', '20')
    expect(shown.stdout).toContain('success')
    expect(shown.stdout).toContain('save site:1 by page on here')
    expect(shown.code).toBe(0)
    expect(readFileSync(page('a.example'), 'utf8')).toBe('<h1>Hello</h1>\n')
    expect((await project.run('status')).code).toBe(0)
    await up.printed('"ended"')
    expect(up.records().filter((record) => record.event === 'unit')).toHaveLength(1)
  })

  test('what waits is shown with its reason, and exit code 2', { timeout: TIMEOUT }, async () => {
    await project.run('server', 'hold', 'here', '--reason', 'new disk', '--by', 'alice')
    await insert(2, 'b.example')
    await untilWithin(PATIENCE, 'the operation', async () => {
      const status = await project.json<Status>('status')
      return status.totals.waiting === 1
    })
    const status = await project.run('status')
    expect(status.code).toBe(2)
    expect(status.stdout).toMatch(/here +held +0 +1 +0/)
    expect(status.stdout).toContain('here is held by alice')
    const plan = await project.run('plan')
    expect(plan.code).toBe(2)
    expect(plan.stdout).toContain('the server is held')
    const explained = await project.run('explain', 'site:2')
    expect(explained.code).toBe(2)
    expect(explained.stdout).toContain('server here is held by alice: new disk')
    await project.run('server', 'release', 'here')
    await untilWithin(PATIENCE, 'the page', () => existsSync(page('b.example')))
  })

  test('an object that fails is named, and is done after its correction', { timeout: TIMEOUT }, async () => {
    await insert(3, '../etc/passwd')
    await untilWithin(
      PATIENCE,
      'the failure',
      async () => (await project.json<Status>('status')).totals.undecided === 1,
    )
    const status = await project.run('status')
    expect(status.code).toBe(2)
    expect(status.stdout).toContain('site:3 does not fit its schema: domain')
    expect((await project.run('retry', '--failed')).stdout).toContain('1 operations are due at once')
    await query(databaseUrl, `update site set domain = 'c.example' where id = 3`)
    await untilWithin(PATIENCE, 'the page', () => existsSync(page('c.example')))
    const explained = await project.json<ObjectStatus>('explain', 'site:3')
    expect(explained.places.map(({ placement }) => placement?.identity)).toEqual(['c.example'])
    expect((await project.run('doctor')).stdout).not.toContain('problem  work')
  })

  test('a log is found by its object, read and followed', { timeout: TIMEOUT }, async () => {
    const [log] = await project.json<{ id: number }[]>('log', 'list', '--object', 'site:1')
    const shown = await project.run('log', 'show', String(log?.id))
    expect(shown.code).toBe(0)
    expect(shown.stdout).toContain('success, changed  save site:1')
    expect((await project.run('log', 'show', String(log?.id), '--script')).stdout).toContain('a.example.html')
    const followed = await project.run('log', 'follow', String(log?.id))
    expect(followed).toMatchObject({ code: 0, stderr: expect.stringContaining('SUCCESS') })
    expect(await project.run('log', 'show', '999999')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ORC_LOG_UNKNOWN'),
    })
  })

  test('a route is refused with place and reason before it is stored', { timeout: TIMEOUT }, async () => {
    const refused = await project.run('route', 'add', 'page', 'here', 'site.nothing == 1')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('ORC_ROUTE_INVALID')
    expect(refused.stderr).toContain('^^^^^^^')
    const tried = await project.run('route', 'add', 'page', 'here', 'site.id == 1', '--dry-run')
    expect(tried.stdout).toContain('tried on 3 objects: 1 match')
    expect(await project.json<unknown[]>('route', 'list')).toHaveLength(1)
  })

  test('cancel and pause keep work from running until it is asked for again', {
    timeout: TIMEOUT,
  }, async () => {
    await project.run('pause', '--reason', 'storage')
    await insert(4, 'd.example')
    await untilWithin(
      PATIENCE,
      'the operation',
      async () => (await project.json<Status>('status')).totals.waiting === 1,
    )
    const cancelled = await project.json<{ revoked: number }>('cancel', 'site:4')
    expect(cancelled.revoked).toBe(1)
    await project.run('resume')
    const [unit] = await project.json<UnitSummary[]>('unit', 'list')
    const shown = await project.json<UnitStatus>('unit', 'show', String(unit?.id))
    expect(shown.operations.map(({ outcome }) => outcome)).toEqual(['revoked'])
    expect(existsSync(page('d.example'))).toBe(false)
    for (const command of [['status'], ['explain', 'site:4'], ['unit', 'show', String(unit?.id)]]) {
      const told = await project.start(...command).ended
      expect(told.stdout).toMatch(/cancelled by \S+: ask for it with `orchestra retry site:4`/)
      expect(told.code).toBe(2)
    }
    await project.run('retry', 'site:4')
    await untilWithin(PATIENCE, 'the page', () => existsSync(page('d.example')))
    await untilWithin(
      PATIENCE,
      'the end of its operation',
      async () => (await project.json<Status>('status')).totals.running === 0,
    )
    expect((await project.json<Status>('status')).cancelled).toEqual([])
  })

  test('a second worker is refused on an embedded store, with the process that has it', {
    timeout: TIMEOUT,
  }, async () => {
    const second = project.start('up', '--json')
    if (kind === 'pglite') {
      const { code, stderr } = await second.ended
      expect(code).toBe(1)
      expect(stderr).toContain('ORC_STORE_LOCKED')
      expect(stderr).toContain(String(up.child.pid))
      return
    }
    await second.printed('"ready"')
    second.child.kill('SIGTERM')
    expect((await second.ended).code).toBe(0)
  })

  test('a signal ends it in order', { timeout: TIMEOUT }, async () => {
    up.child.kill('SIGTERM')
    expect((await up.ended).code).toBe(0)
    expect(up.records().at(-1)).toEqual({ event: 'stopped' })
    const doctor = await project.run('doctor')
    expect(doctor.code).toBe(2)
    expect(doctor.stdout).toContain('no worker gave a sign of life')
  })
})

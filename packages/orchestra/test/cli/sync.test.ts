import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WholePlan } from '../../src/plan/index.ts'
import type { SyncStatus } from '../../src/sync/index.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { untilWithin } from '../support/processes.ts'
import { PATIENCE, Project, query, startFirst } from './project.ts'

const TIMEOUT = 180_000

describe.each(['pglite', 'postgres'] as const)('plan, apply and sync on %s', (kind) => {
  let postgres: PostgresServer | undefined
  let project: Project
  let databaseUrl = ''

  const page = (domain: string) => join(project.directory, 'here', 'sites', `${domain}.html`)
  const unseen = (sql: string) =>
    query(databaseUrl, `alter table site disable trigger all; ${sql}; alter table site enable trigger all`)

  beforeAll(async () => {
    postgres = kind === 'postgres' ? await startPostgres() : undefined
    project = new Project(postgres === undefined ? {} : { DATABASE_URL: await postgres.database() })
    databaseUrl = (await startFirst(project)).databaseUrl
    await query(
      databaseUrl,
      `insert into site (id, domain, title) values (1, 'a.example', 'One'), (2, 'b.example', 'Two')`,
    )
    await untilWithin(
      PATIENCE,
      'the pages',
      () => existsSync(page('a.example')) && existsSync(page('b.example')),
    )
    await untilWithin(PATIENCE, 'the end', async () => (await project.run('status')).code === 0)
  }, TIMEOUT)

  afterAll(async () => {
    await project.remove()
    await postgres?.stop()
  })

  test('plan shows a difference that nobody captured, as a diff, with exit code 2', {
    timeout: TIMEOUT,
  }, async () => {
    expect(await project.run('plan')).toMatchObject({ code: 0, stdout: 'nothing is to be done\n' })
    await project.run('pause', '--reason', 'looking')
    await unseen(`update site set title = 'Uno' where id = 1`)
    const shown = await project.run('plan', '--object', 'site:1')
    expect(shown.code).toBe(2)
    expect(shown.stdout).toContain('update site:1 by page on here')
    expect(shown.stdout).toContain('    -<h1>One</h1>\n    +<h1>Uno</h1>')
    expect(shown.stdout).toContain('1 update')
    const plan = await project.json<WholePlan & { counts: object }>('plan')
    expect(plan).toMatchObject({ counts: { update: 1 }, guard: null })
    expect(plan.scripts[0]?.script).toContain('Uno')
  })

  test('a saved plan is applied as it was, and refused afterwards', { timeout: TIMEOUT }, async () => {
    const saved = await project.run('plan', '--save', 'plan.json')
    expect(saved.stderr).toContain('orchestra apply plan.json')
    await project.run('resume')
    const applied = await project.run('apply', 'plan.json')
    expect(applied.stdout + applied.stderr).toContain('1 operations were recorded')
    expect(applied.code).toBe(0)
    expect(readFileSync(page('a.example'), 'utf8')).toContain('Uno')
    const again = await project.run('apply', 'plan.json')
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('ORC_PLAN_STALE') })
  })

  test('sync mends what nobody captured and tells what it did', { timeout: TIMEOUT }, async () => {
    await unseen(`update site set title = 'Dos' where id = 2; delete from site where id = 1`)
    const status = await project.json<SyncStatus>('sync', '--backend', 'page')
    expect(status).toMatchObject({
      state: 'done',
      counts: { updated: 1, deleted: 1, invalid: 0 },
      work: { waiting: 0, done: 2 },
      inspections: [{ server: 'here', backend: 'page', state: 'done' }],
    })
    expect(existsSync(page('a.example'))).toBe(false)
    expect(readFileSync(page('b.example'), 'utf8')).toContain('Dos')
    const quiet = await project.run('sync')
    expect(quiet.code).toBe(0)
    expect(quiet.stdout).toMatch(/^synchronization \d+: done\ncompared: 1 unchanged\n/)
  })

  test('sync that removes too much stops with exit code 2 until it is allowed', {
    timeout: TIMEOUT,
  }, async () => {
    await query(
      databaseUrl,
      `insert into site (id, domain, title) select n, 's' || n || '.example', 'x' from generate_series(10, 40) n`,
    )
    await untilWithin(PATIENCE, 'the end', async () => (await project.run('status')).code === 0)
    await unseen('delete from site where id >= 10')
    const stopped = await project.run('sync')
    expect(stopped.code).toBe(2)
    expect(stopped.stdout).toContain('--allow-deletes 31')
    expect((await project.run('plan')).stdout).toContain('this would stop: 31 of 32 objects (97 %) of page')
    const allowed = await project.run('sync', '--allow-deletes', '31')
    expect(allowed.code).toBe(0)
    expect(allowed.stdout).toContain('31 deleted')
    expect(existsSync(page('s10.example'))).toBe(false)
  })

  test('sync cancel ends one where it is, and says so of one that has ended', {
    timeout: TIMEOUT,
  }, async () => {
    const [made] = await query(
      databaseUrl,
      `with made as (insert into orchestra.sync (mode, state, source) values ('check', 'inspecting', 'test') returning id)
       insert into orchestra.inspection (sync_id, server_id, backend, due_at)
       select made.id, server.id, 'page', 'infinity' from made, orchestra.server returning sync_id`,
    )
    const id = String((made as { sync_id: string }[])[0]?.sync_id)
    expect((await project.run('status')).stdout).toContain(`check ${id} of everything`)
    expect(await project.run('sync', 'cancel', id)).toMatchObject({
      code: 0,
      stdout: `synchronization ${id} is cancelled\n`,
    })
    expect(await project.json('sync', 'cancel', id)).toEqual({
      id: Number(id),
      wasOpen: false,
      state: 'cancelled',
    })
    expect((await project.run('sync', 'cancel', '999999')).stderr).toContain('ORC_SYNC_UNKNOWN')
  })

  test('names that nobody knows are refused', { timeout: TIMEOUT }, async () => {
    expect((await project.run('sync', '--server', 'none')).stderr).toContain('ORC_SERVER_UNKNOWN')
    expect((await project.run('sync', '--backend', 'none')).stderr).toContain('ORC_BACKEND_UNKNOWN')
    expect((await project.run('sync', '--object', 'none:1')).stderr).toContain('ORC_MODEL_UNKNOWN')
    expect((await project.run('apply', 'none.json')).stderr).toContain('ORC_PLAN_INVALID')
  })
})

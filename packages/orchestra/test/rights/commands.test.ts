import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { installCapture } from '../../src/capture/index.ts'
import type { Section } from '../../src/rights/index.ts'
import { Project } from '../cli/project.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { Panel, roles } from './panel.ts'

const TIMEOUT = 180_000
const named = ['--owner', roles.owner, '--application', roles.application, '--worker', roles.worker]

const configuration = `import { defineBackend, defineConfig, defineModel } from 'orchestrajs'
import { z } from 'zod'
const schema = z.object({ id: z.int() })
const Site = defineModel({ name: 'site', table: 'Shop.site', schema, related: [{ table: 'Shop.alias', references: { site_id: 'id' } }] })
const User = defineModel({ name: 'user', table: 'Shop.user', schema, load: async () => [] })
const files = defineBackend({ name: 'files', model: Site, save: () => undefined })
export default defineConfig({ models: [Site, User], backends: [files] })
`

let postgres: PostgresServer
let panel: Panel
const projects: Project[] = []

function projectAs(role: string | null): Project {
  const project = new Project({
    DATABASE_URL: role === null ? panel.adminUrl : panel.url(role),
    ORCHESTRA_KEY: '5e'.repeat(32),
  })
  project.write('orchestra.config.ts', configuration)
  projects.push(project)
  return project
}

/** What stands between two headings, by role and time. */
function printedSections(text: string): Section[] {
  return text
    .split(/^-- As /m)
    .slice(1)
    .map((part): Section => {
      const [heading = '', ...lines] = part.split('\n')
      const [as = ''] = heading.split(/,|:/)
      const statements = lines
        .filter((line) => line.endsWith(';'))
        .map((line) => ({ sql: line.slice(0, -1), why: '' }))
      return {
        as: as === 'a superuser' ? null : as,
        when: heading.includes('after') ? 'after' : 'before',
        statements,
      }
    })
}

beforeAll(async () => {
  postgres = await startPostgres()
}, TIMEOUT)

afterAll(() => postgres.stop())

beforeEach(async () => {
  panel = new Panel(await postgres.database())
  await panel.build()
}, TIMEOUT)

afterEach(async () => {
  await Promise.all(projects.splice(0).map((project) => project.remove()))
  await panel.close()
}, TIMEOUT)

describe('orchestra grants', () => {
  it('prints what three roles run, before and after the first `up`', { timeout: TIMEOUT }, async () => {
    const before = await projectAs(null).run('grants', ...named)
    expect(before).toMatchObject({ code: 0, stderr: '' })
    await panel.grant(printedSections(before.stdout), 'before')
    const worker = projectAs(roles.worker)
    expect(await worker.run('up', '--migrate-only')).toMatchObject({ code: 0, stderr: '' })
    // Whoever may do nothing yet can ask as well.
    const after = await projectAs(roles.application).run('grants', ...named)
    expect(after).toMatchObject({ code: 0, stderr: '' })
    expect(after.stdout).not.toContain('create schema')
    await panel.grant(printedSections(after.stdout), 'after')
    const { orchestra } = await panel.application()
    expect(await orchestra.plan()).toMatchObject({ operations: [] })
    const doctor = await worker.json<{ check: string; state: string }[]>('doctor')
    expect(doctor.filter(({ check }) => check === 'rights' || check === 'capture')).toMatchObject([
      { check: 'rights', state: 'ok' },
      { check: 'capture', state: 'ok' },
    ])
  })

  it('names what it cannot know, and prints the same as JSON', { timeout: TIMEOUT }, async () => {
    const project = projectAs(null)
    const { stdout } = await project.run('grants', ...named)
    expect(stdout).toContain('what the loaders of user read beside the tables above')
    const { sections, loaders } = await project.json<{ sections: Section[]; loaders: string[] }>(
      'grants',
      ...named,
    )
    expect(loaders).toEqual(['user'])
    const all = (some: Section[]) =>
      some.flatMap(({ as, when, statements }) => statements.map(({ sql }) => [as, when, sql])).sort()
    expect(all(printedSections(stdout))).toEqual(all(sections))
  })

  it('takes the owner of the tables from the database, and roles by their usual names', {
    timeout: TIMEOUT,
  }, async () => {
    const { stdout } = await projectAs(null).run('grants')
    expect(stdout).toContain(`-- As ${roles.owner}:`)
    expect(stdout).toContain('create role "app" login;')
    expect(stdout).toContain('create role "orchestra" login;')
  })

  it('gives the worker what a superuser has made before', { timeout: TIMEOUT }, async () => {
    expect((await projectAs(null).run('up', '--migrate-only')).code).toBe(0)
    const { stdout } = await projectAs(null).run('grants', ...named)
    expect(stdout).toContain('alter schema orchestra owner to "Worker";')
    await panel.grant(printedSections(stdout), 'before')
    await panel.grant(printedSections(stdout), 'after')
    const worker = projectAs(roles.worker)
    expect(await worker.run('up', '--migrate-only')).toMatchObject({ code: 0, stderr: '' })
    const doctor = await worker.json<{ check: string; state: string }[]>('doctor')
    expect(doctor.find(({ check }) => check === 'rights')).toMatchObject({ state: 'ok' })
  })
})

describe('orchestra uninstall', () => {
  it('says what is lost, asks, and leaves nothing; Orchestra can come back', {
    timeout: TIMEOUT,
  }, async () => {
    const project = projectAs(null)
    await project.run('up', '--migrate-only')
    await project.run('server', 'add', 'here', '--method', 'local')
    await project.run('route', 'add', 'files', 'here')
    const asked = await project.run('uninstall')
    expect(asked.code).toBe(2)
    expect(asked.stdout).toContain('Lost with them: 1 servers, 1 routes, 0 placements')
    expect(asked.stderr).toContain('Nothing was removed; it would be 12 triggers and orchestra')
    const done = await project.run('uninstall', '--yes')
    expect(done.stdout).toContain('schema orchestra')
    expect(done.stdout).toContain('drop role orchestra_capture; -- as a superuser')
    expect(done).toMatchObject({ code: 0, stderr: '' })
    await panel.run(roles.owner, `insert into "Shop".site (domain) values ('a.org')`)
    expect((await project.run('uninstall', '--yes')).stdout).toContain('Orchestra is not installed')
    expect((await project.run('up', '--migrate-only')).code).toBe(0)
    expect(await project.json('server', 'list')).toEqual([])
  })

  it('leaves out by their names what a dump of the application alone would bring', {
    timeout: TIMEOUT,
  }, async () => {
    const worker = projectAs(null)
    await worker.run('up', '--migrate-only')
    const admin = new pg.Client(panel.adminUrl)
    await admin.connect()
    // Tables of schema orchestra come with a dump of that, or not at all.
    const { rows } = await admin.query(
      `select tgname as name from pg_trigger join pg_class on pg_class.oid = tgrelid
       where not tgisinternal and relnamespace <> 'orchestra'::regnamespace`,
    )
    await admin.end()
    expect(rows).toHaveLength(12)
    for (const { name } of rows) expect(name).toMatch(/^orchestra_capture_/)
  })

  it('refuses while workers run, unless it is forced', { timeout: TIMEOUT }, async () => {
    const project = projectAs(null)
    await project.run('up', '--migrate-only')
    await panel.run(
      null,
      `insert into orchestra.worker (id, host, pid) values (gen_random_uuid(), 'web1', 7)`,
    )
    const refused = await project.run('uninstall', '--yes')
    expect(refused.stderr).toContain('error ORC_WORKER_ALIVE: Workers run: process 7 on web1')
    expect(await project.run('uninstall', '--yes', '--force')).toMatchObject({ code: 0, stderr: '' })
  })

  it('removes what its role may, and prints the rest with who runs it', { timeout: TIMEOUT }, async () => {
    await panel.grant(await panel.sections(), 'before')
    await panel.install(await panel.store(roles.worker))
    await panel.run(
      roles.worker,
      'grant usage on schema orchestra to "Table Owner"; grant select on all tables in schema orchestra to "Table Owner"',
    )
    const { code, stdout } = await projectAs(roles.owner).run('uninstall', '--yes')
    expect(code).toBe(2)
    expect(stdout).toContain('drop schema orchestra cascade; -- as Worker')
    expect((await installCapture(await panel.store(roles.worker), [])).failed).toEqual([])
  })
})

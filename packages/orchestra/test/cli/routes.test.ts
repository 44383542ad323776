import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Status } from '../../src/placements/index.ts'
import type { Rerouting } from '../../src/plan/index.ts'
import type { Route } from '../../src/router/index.ts'
import { untilWithin } from '../support/processes.ts'
import { PATIENCE, Project, query } from './project.ts'
import { startRouted } from './routed-project.ts'

const TIMEOUT = 180_000

interface Previewed {
  preview: Rerouting
}

let project: Project
let databaseUrl = ''

beforeAll(async () => {
  project = new Project()
  databaseUrl = (await startRouted(project)).databaseUrl
  await query(
    databaseUrl,
    `insert into site (id, domain, title) select id, 's' || id || '.example', 'x' from generate_series(1, 30) id`,
  )
}, TIMEOUT)

afterAll(() => project.remove())

const standing = (server: string) => {
  const directory = join(project.directory, server, 'sites')
  return existsSync(directory) ? readdirSync(directory).length : 0
}
const until = (count: number, server: string) =>
  untilWithin(PATIENCE, `${count} on ${server}`, () => standing(server) === count)
const settled = () =>
  untilWithin(PATIENCE, 'everything done', async () => (await project.run('status')).code === 0)
const routes = () => project.json<Route[]>('route', 'list')

test('a route that cannot tell for rows that are there is added by nobody who was not asked', {
  timeout: TIMEOUT,
}, async () => {
  const refused = await project.run('route', 'add', 'page', 'a', '100 / (site.id - 7) > 0')
  expect(refused.code).toBe(2)
  expect(refused.stdout).toContain('1 cannot be told where they belong: page: site:7')
  expect(refused.stdout).toContain('division by zero')
  expect(refused.stderr).toContain('--yes')
  expect(await routes()).toEqual([])
})

test('failures that came from a route end when it is changed or removed, at once', {
  timeout: TIMEOUT,
}, async () => {
  const undecided = async () => (await project.json<Status>('status')).totals.undecided
  const add = () => project.run('route', 'add', 'page', 'a', '100 / (site.id - 7) > 1000', '--yes')
  expect((await add()).code).toBe(0)
  await untilWithin(PATIENCE, 'the failure', async () => (await undecided()) === 1)
  // As after some tries: it would go on failing for an hour.
  const rest = () =>
    query(
      databaseUrl,
      `update orchestra.operation set due_at = now() + interval '1 hour' where server_id is null and state = 'waiting'`,
    )
  await rest()
  const [route] = await routes()
  const set = await project.run('route', 'set', String(route?.id), '--match', 'site.id > 1000')
  expect(set.stdout).toContain('1 can be told where they belong again: page: site:7')
  expect(set.code).toBe(0)
  await untilWithin(PATIENCE, 'its end', async () => (await undecided()) === 0)
  await project.run('route', 'remove', String(route?.id))
  await add()
  await untilWithin(PATIENCE, 'the failure', async () => (await undecided()) === 1)
  await rest()
  await project.run('route', 'remove', String((await routes())[0]?.id))
  await untilWithin(PATIENCE, 'its end', async () => (await undecided()) === 0)
})

test('one route to a tag leads to every server that has it, and objects follow the tags', {
  timeout: TIMEOUT,
}, async () => {
  const nowhere = await project.run('route', 'add', 'page', '--to-tag', 'web')
  expect(nowhere.stdout).toContain('none of 30 objects goes elsewhere')
  expect((await project.run('server', 'set', 'a', '--tag', 'web')).stdout).toContain('30 placed by page on a')
  await until(30, 'a')
  await project.run('server', 'set', 'b', '--tag', 'web')
  await until(30, 'b')
  await settled()
  const untag = await project.run('server', 'set', 'b', '--untag', 'web')
  expect(untag.code).toBe(2)
  expect(untag.stdout).toContain('30 removed by page on b')
  expect(untag.stdout).not.toContain('belong on no server')
  expect(standing('b')).toBe(30)
  // More than the bound of a synchronization: who agreed to it is not stopped by that.
  expect((await project.run('server', 'set', 'b', '--untag', 'web', '--yes')).code).toBe(0)
  await until(0, 'b')
  await settled()
  expect(await project.json('server', 'show', 'a')).toMatchObject({
    tags: ['web'],
    routes: [{ tags: ['web'] }],
    use: { placements: 30, tagRoutes: 1 },
  })
})

test('a route is shown with what would go, and changes nothing until somebody agrees', {
  timeout: TIMEOUT,
}, async () => {
  const id = String((await routes())[0]?.id)
  const dry = await project.json<Previewed>('route', 'remove', id, '--dry-run')
  expect(dry.preview).toMatchObject({
    objects: 30,
    effects: [{ kind: 'removed', backend: 'page', server: 'a', count: 30, nowhere: 30, standing: 30 }],
  })
  const removing = await project.run('route', 'remove', id)
  expect(removing.code).toBe(2)
  expect(removing.stdout).toContain('30 of them belong on no server then')
  const set = await project.run('route', 'set', id, '--server', 'b', '--match', 'site.id <= 20')
  expect(set.code).toBe(2)
  expect(set.stdout).toContain('20 placed by page on b')
  expect(await routes()).toMatchObject([{ server: null, tags: ['web'], match: 'true' }])
  expect(
    (await project.run('route', 'set', id, '--server', 'b', '--match', 'site.id <= 20', '--yes')).code,
  ).toBe(0)
  await until(20, 'b')
  await until(0, 'a')
  await settled()
  expect((await project.run('route', 'remove', id, '--yes')).code).toBe(0)
  await until(0, 'b')
})

test('a route is switched with what that does shown, and by nobody who was not asked where something goes', {
  timeout: TIMEOUT,
}, async () => {
  await project.run('route', 'add', 'page', 'a', 'site.id <= 3')
  await until(3, 'a')
  await settled()
  const [first] = await routes()
  const id = String(first?.id)
  const dry = await project.run('route', 'disable', id, '--dry-run')
  expect(dry).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('3 wait for a disabled route: page on a'),
  })
  expect(await routes()).toMatchObject([{ enabled: true }])
  const disabled = await project.json<Previewed & { changed: boolean }>('route', 'disable', id)
  expect(disabled).toMatchObject({
    enabled: false,
    changed: true,
    preview: { effects: [{ kind: 'held', count: 3 }] },
  })
  // An expression that fails for rows that are there.
  await project.run('route', 'set', id, '--match', '100 / (site.id - 7) > 30', '--yes')
  const again = await project.run('route', 'enable', id)
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
  expect(again.stdout).toContain('1 cannot be told where they belong: page: site:7')
  expect(again.stdout).toContain('3 placed by page on a: site:8')
  expect(await routes()).toMatchObject([{ enabled: false }])
  expect((await project.run('route', 'enable', id, '--yes')).stdout).toContain('is enabled')
  await project.run('route', 'remove', id, '--yes')
  await until(0, 'a')
  await settled()
})

test('a server is removed with what it has by who agrees, and shown before', {
  timeout: TIMEOUT,
}, async () => {
  await project.run('route', 'add', 'page', 'b', 'site.id == 1')
  await until(1, 'b')
  await settled()
  const dry = await project.json<{ use: object }>('server', 'remove', 'b', '--dry-run')
  expect(dry.use).toMatchObject({ routes: 1, placements: 1, objects: ['site:1'] })
  expect((await project.run('server', 'remove', 'b')).stderr).toContain('ORC_SERVER_IN_USE')
  expect((await project.run('server', 'remove', 'b', '--yes')).stdout).toContain('with 1 routes')
})

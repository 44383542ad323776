import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Finding } from '../../src/inspect/index.ts'
import type { SyncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { startListed } from './listed-project.ts'
import { PATIENCE, Project, query } from './project.ts'

const TIMEOUT = 180_000

let project: Project
let databaseUrl: string
const path = (name: string) => join(project.directory, 'here', 'sites', name)
const imprint = () => {
  const { ino, mtimeNs, ctimeNs } = statSync(path('a.example'), { bigint: true })
  return { ino, mtimeNs, ctimeNs }
}

beforeAll(async () => {
  project = new Project()
  ;({ databaseUrl } = await startListed(project))
  await project.run('route', 'add', 'page', 'here', 'true')
  await query(
    databaseUrl,
    `insert into site (id, domain, title) values (1, 'a.example', 'A'), (2, 'b.example', 'B')`,
  )
  await untilWithin(PATIENCE, 'the end', async () => (await project.run('status')).code === 0)
}, TIMEOUT)

afterAll(() => project.remove())

test('a server that is as it should be has nothing to tell', { timeout: TIMEOUT }, async () => {
  const check = await project.run('sync', '--check')
  expect(check.code).toBe(0)
  expect(check.stdout).toMatch(
    /^check \d+: done\npage on here: done, 2 in sync\nNothing was found otherwise than it should be\.\n$/,
  )
  expect(await project.run('drift', '--json')).toMatchObject({ code: 0, stdout: '[]\n' })
})

test('a check shows a diff of what was changed by hand, and changes nothing', {
  timeout: TIMEOUT,
}, async () => {
  writeFileSync(path('a.example'), 'by \u001b[31mhand\n')
  rmSync(path('b.example'))
  writeFileSync(path('evil\u001b[2J'), '')
  const before = imprint()
  const check = await project.run('sync', '--check')
  expect(check.code).toBe(2)
  const told = check.stdout.replace(/for [\d.]+ (ms|s)/g, 'for a moment')
  expect(told.slice(told.indexOf('page on here'))).toBe(`page on here: done, 1 drifted, 1 missing, 1 unowned
drifted site:1 (a.example): page on here, for a moment
  --- ./sites/a.example\ton the server
  +++ ./sites/a.example\tas it should be
  @@ -1,1 +1,1 @@
  -by \\x1b[31mhand
  +<h1>A</h1>
missing site:2 (b.example): page on here, for a moment
  ./sites/b.example: there is nothing
unowned evil\\x1b[2J: page on here, for a moment
orchestra sync writes it as the rows say
what is unowned stays; \`ignore.found\` of its backend hides it
`)
  expect(imprint()).toEqual(before)
  const status = await project.run('status')
  expect(status.stdout).toContain('here: 2 changed or missing there: orchestra drift --server here')
})

test('drift tells it again to people and programs, of the selection that is asked for', {
  timeout: TIMEOUT,
}, async () => {
  const drift = await project.run('drift', '--server', 'here', '--backend', 'page')
  expect(drift.code).toBe(2)
  expect(drift.stdout).toContain('missing site:2 (b.example): page on here')
  const findings = await project.json<Finding[]>('drift')
  expect(findings).toMatchObject([
    { server: 'here', backend: 'page', object: 'site:1', identity: 'a.example', state: 'drifted' },
    { object: 'site:2', state: 'missing', differences: [{ kind: 'missing' }] },
    { object: null, identity: 'evil\u001b[2J', state: 'unowned' },
  ])
  const check = await project.json<SyncStatus & { findings: Finding[] }>(
    'sync',
    '--check',
    '--object',
    'site:2',
  )
  expect(check).toMatchObject({ mode: 'check', state: 'done', object: 'site:2' })
  expect(check.findings.map(({ object }) => object)).toEqual(['site:2'])
})

test('names that nobody knows are refused', { timeout: TIMEOUT }, async () => {
  const server = await project.run('drift', '--server', 'none')
  expect(server).toMatchObject({ code: 1, stderr: expect.stringContaining('ORC_SERVER_UNKNOWN') })
  const backend = await project.run('drift', '--backend', 'none', '--json')
  expect(backend.code).toBe(1)
  expect(JSON.parse(backend.stderr)).toMatchObject({ error: { code: 'ORC_BACKEND_UNKNOWN' } })
})

test('a synchronization mends it, and leaves what nobody knows', { timeout: TIMEOUT }, async () => {
  const sync = await project.run('sync')
  expect(sync.code).toBe(0)
  expect(sync.stdout).toContain('1 drifted, 1 missing, 1 unowned, 2 repaired')
  expect(readFileSync(path('a.example'), 'utf8')).toBe('<h1>A</h1>\n')
  expect(readFileSync(path('b.example'), 'utf8')).toBe('<h1>B</h1>\n')
  const drift = await project.run('drift')
  expect(drift.code).toBe(0)
  expect(drift.stdout).toMatch(/^unowned evil/)
})

test('a table that was renamed away is told by every command that would need it', {
  timeout: TIMEOUT,
}, async () => {
  await query(databaseUrl, 'alter table site rename to site_old')
  const what = 'there is no table site'
  const check = await project.run('sync', '--check')
  expect(check).toMatchObject({
    code: 2,
    stdout: expect.stringContaining(`Model "site": ${what}, so 2 of its objects could not be compared`),
  })
  expect(await project.run('drift')).toMatchObject({ code: 2, stderr: expect.stringContaining(what) })
  expect(await project.run('plan')).toMatchObject({ code: 2, stdout: expect.stringContaining(what) })
  expect(await project.run('explain', 'site:1')).toMatchObject({
    code: 2,
    stdout: expect.stringContaining(what),
  })
  await query(databaseUrl, 'alter table site_old rename to site')
  expect(await project.run('sync')).toMatchObject({ code: 0 })
})

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Status } from '../../src/placements/index.ts'
import { untilWithin } from '../support/processes.ts'
import { startListed } from './listed-project.ts'
import { PATIENCE, Project, query } from './project.ts'

const TIMEOUT = 180_000

let project: Project
let there = ''

const path = (name: string) => join(there, 'sites', name)
const put = (name: string, text: string) => writeFileSync(path(name), text)
const read = (name: string) => readFileSync(path(name), 'utf8')
const imprint = (name: string) => {
  const { ino, mtimeNs, ctimeNs } = statSync(path(name), { bigint: true })
  return { ino, mtimeNs, ctimeNs }
}
const adopt = (...more: string[]) => project.run('adopt', '--backend', 'page', '--server', 'here', ...more)

interface Shown {
  right: { object: string }[]
  different: { object: string; identity: string; waits: boolean }[]
  absent: { object: string }[]
  unmatched: { identity: string; read: string | null }[]
}
const shown = () => project.json<Shown>('adopt', '--backend', 'page', '--server', 'here')

/** A server in use: two pages as their rows say, one by hand, one not there, and two that nobody knows. */
beforeAll(async () => {
  project = new Project()
  const started = await startListed(project)
  there = started.there
  put('a.example', '<h1>A</h1>\n')
  put('b.example', '<h1>B</h1>\n')
  put('c.example', 'by hand\n')
  put('stranger', 'nobody knows me\n')
  put('evil\u001b[2J', 'red \u001b[31m\n')
  await query(
    started.databaseUrl,
    `insert into site (id, domain, title) select n, lower(l) || '.example', l
       from unnest(array['A', 'B', 'C', 'D']) with ordinality as named(l, n)`,
  )
  await project.run('server', 'hold', 'here')
  await project.run('route', 'add', 'page', 'here', 'true')
  await untilWithin(
    PATIENCE,
    'the rows wait',
    async () => (await project.json<Status>('status')).totals.waiting === 4,
  )
}, TIMEOUT)

afterAll(() => project.remove())

test('it shows what is right, what would be changed, what is missing and what nobody knows, though all of it waits', {
  timeout: TIMEOUT,
}, async () => {
  const { code, stdout } = await adopt()
  expect(code).toBe(0)
  expect(stdout).toBe(`2 right already
  site:1 as a.example
  site:2 as b.example
1 would be changed
  site:3 as c.example
    --- ./sites/c.example\ton the server
    +++ ./sites/c.example\tas it should be
    @@ -1,1 +1,1 @@
    -by hand
    +<h1>C</h1>
2 without a row
  evil\\x1b[2J
    red \\x1b[31m
  stranger
    nobody knows me
1 not there yet
  site:4 as d.example
orchestra adopt --backend page --server here --all takes over what is right already
`)
  expect(await shown()).toMatchObject({
    right: [{ object: 'site:1' }, { object: 'site:2' }],
    different: [{ object: 'site:3', identity: 'c.example', waits: true }],
    absent: [{ object: 'site:4' }],
    unmatched: [{ identity: 'evil\u001b[2J' }, { identity: 'stranger', read: 'nobody knows me\n' }],
  })
})

test('names that nobody knows are refused', { timeout: TIMEOUT }, async () => {
  expect(await adopt('site:99')).toMatchObject({ code: 1, stderr: expect.stringContaining('site:99') })
  const backend = await project.run('adopt', '--backend', 'none', '--server', 'here')
  expect(backend).toMatchObject({ code: 1, stderr: expect.stringContaining('ORC_BACKEND_UNKNOWN') })
  const server = await project.run('adopt', '--backend', 'page', '--server', 'none')
  expect(server).toMatchObject({ code: 1, stderr: expect.stringContaining('ORC_SERVER_UNKNOWN') })
})

test('after the release what was right is as it was, what differed is as its row says, and strangers stay', {
  timeout: TIMEOUT,
}, async () => {
  const kept = ['a.example', 'b.example', 'stranger', 'evil\u001b[2J']
  const before = kept.map(imprint)
  const one = await adopt('site:1')
  expect(one).toMatchObject({ code: 0, stdout: '1 adopted; nothing was changed on here\n' })
  const all = await adopt('--all')
  expect(all.code).toBe(2)
  expect(all.stdout).toContain(
    '1 adopted; nothing was changed on here\n1 different were left as they are: --overwrite',
  )
  expect((await shown()).right).toEqual([])
  const plan = await project.json<{ operations: { object: string }[] }>('plan')
  expect(plan.operations.map(({ object }) => object)).toEqual(['site:3', 'site:4'])
  expect(read('c.example')).toBe('by hand\n')

  const different = await adopt('--all', '--overwrite', '--yes')
  expect(different).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 are written as their rows say'),
  })
  await project.run('server', 'release', 'here')
  await untilWithin(PATIENCE, 'the end', async () => (await project.run('status')).code === 0)
  expect(kept.map(imprint)).toEqual(before)
  expect([read('c.example'), read('d.example')]).toEqual(['<h1>C</h1>\n', '<h1>D</h1>\n'])
  expect((await project.json<Status>('status')).servers[0]).toMatchObject({ placed: 4, waiting: 0 })
  expect(await project.run('plan')).toMatchObject({ code: 0, stdout: 'nothing is to be done\n' })
})

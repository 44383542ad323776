import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Finding } from '../../src/inspect/index.ts'
import type { Status } from '../../src/placements/index.ts'
import type { Plan } from '../../src/plan/index.ts'
import { untilWithin } from '../support/processes.ts'
import { startListed } from './listed-project.ts'
import { PATIENCE, Project, query } from './project.ts'

const TIMEOUT = 180_000
const taking = "orchestra adopt --backend page --server here 'site:1'"

let project: Project
let there = ''

const obstacles = async () => {
  const { operations } = await project.json<Plan>('plan')
  return operations.map(({ object, obstacle }) => [object, obstacle])
}

/** Two rows for a server where one of them stands by hand, and nothing has been tried. */
beforeAll(async () => {
  project = new Project()
  const started = await startListed(project)
  there = started.there
  writeFileSync(join(there, 'sites', 'a.example'), 'by hand\n')
  await project.run('route', 'add', 'page', 'here', 'true')
  await project.run('route', 'disable', '1')
  await query(
    started.databaseUrl,
    `insert into site (id, domain, title) values (1, 'a.example', 'A'), (2, 'b.example', 'B')`,
  )
  await untilWithin(
    PATIENCE,
    'the rows wait',
    async () => (await project.json<Status>('status')).totals.waiting === 2,
  )
}, TIMEOUT)

afterAll(() => project.remove())

test('a check tells what is to be made and stands there already without our mark, and a plan what the check found', {
  timeout: TIMEOUT,
}, async () => {
  expect(await obstacles()).toEqual([
    ['site:1', null],
    ['site:2', null],
  ])
  const check = await project.run('sync', '--check')
  expect(check.stdout).toContain('page on here: done, 1 in the way\n')
  expect(check.stdout).toContain('unowned site:1 (a.example): page on here')
  expect(check.stdout).toContain(`a.example: is there already and is not ours`)
  expect(check.stdout).toContain(taking)
  expect(check.stdout).not.toContain('site:2')
  expect(check.code).toBe(2)
  expect(await project.json<Finding[]>('drift')).toMatchObject([
    { object: 'site:1', state: 'unowned', differences: [{ kind: 'unowned' }] },
  ])
  const plan = await project.run('plan')
  expect(plan.stdout).toContain('in its way so far: site:1: is there already and is not ours')
  expect(plan.stdout).toContain(taking)
  expect(await obstacles()).toEqual([
    ['site:1', expect.stringContaining(taking)],
    ['site:2', null],
  ])
})

test('a plan tells what an operation failed by, until that is out of its way', {
  timeout: TIMEOUT,
}, async () => {
  await project.run('route', 'enable', '1', '--yes')
  await untilWithin(PATIENCE, 'the failure', async () => {
    const { failing, waiting } = (await project.json<Status>('status')).totals
    return failing === 1 && waiting === 1
  })
  expect(await obstacles()).toEqual([['site:1', expect.stringContaining('ORC_NOT_OURS')]])
  expect((await project.run('plan')).stdout).toContain(taking)
  const adopted = await project.run(...taking.replaceAll("'", '').split(' ').slice(1), '--overwrite', '--yes')
  expect(adopted.code).toBe(0)
  await untilWithin(PATIENCE, 'the end', async () => (await project.run('status')).code === 0)
  expect(readFileSync(join(there, 'sites', 'a.example'), 'utf8')).toBe('<h1>A</h1>\n')
  expect(await project.run('sync', '--check')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('page on here: done, 2 in sync\nNothing was found'),
  })
  expect(await project.run('plan')).toMatchObject({ code: 0, stdout: 'nothing is to be done\n' })
})

import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Act } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import type { PlacementView } from '../../src/placements/index.ts'
import type { UnitSummary } from '../../src/placements/unit-list.ts'
import type { AuditView } from '../../src/server/index.ts'
import { untilWithin } from '../support/processes.ts'
import { PATIENCE, Project, query, startFirst } from './project.ts'

const TIMEOUT = 180_000

const typos: [command: string, code: string, help: string][] = [
  ['explain site:nope', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['explain site:s3.example', 'ORC_OBJECT_UNKNOWN', 'Did you mean site:3?'],
  ['explain site:1,2', 'ORC_USAGE', 'gives 2 parts'],
  ['explain sitee:1', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['sync --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['sync --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['sync --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['plan --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['plan --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['drift --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['retry site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['retry 9999', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['retry abcdef01', 'ORC_UNIT_UNKNOWN', 'abcdef01'],
  ['cancel site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['cancel 9999', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['protect site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['unprotect site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['forget site:99 --yes', 'ORC_OBJECT_UNKNOWN', 'site:99'],
  ['forget sitee:1 --yes', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['forget --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['forget --backend pages --yes', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['forget --backend page --yes', 'ORC_USAGE', '--server NAME'],
  ['forget site:1 --backend pages --yes', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['forget --server here --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['forget --server heer --yes', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['adopt --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['adopt --server here --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['adopt --server here --backend page site:99', 'ORC_OBJECT_UNKNOWN', 'site:99'],
  ['plan --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['drift --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['place list --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['place list --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['place list --after site:1', 'ORC_USAGE', 'where a list of placements ended'],
  ['protect --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['unprotect --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['trash list --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['trash list --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['trash restore heer 1', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['trash restore here 20260412T031700Z-8c2f41d0-1', 'ORC_TRASH', '20260412T031700Z-8c2f41d0-1'],
  ['trash empty --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['trash empty --server heer --yes', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['log show 9999', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['log lines 9999', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['log follow 9999', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['apply none.json', 'ORC_', 'none.json'],
  ['apply 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan show 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan operations 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan diffs 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan scripts 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan discard 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan approve 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan reject 9999', 'ORC_PLAN_UNKNOWN', 'no plan 9999'],
  ['plan approve none.json', 'ORC_', 'none.json'],
  ['plan reject none.json', 'ORC_', 'none.json'],
  ['key drop 0123456789ab', 'ORC_', '0123456789ab'],
  ['log list --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['log list --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['log list --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['place list --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['place list --model sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['route add pages here', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['route add page heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['route add page --to-tag Web', 'ORC_SERVER_INVALID', 'is not a tag'],
  ['route set 1 --to-tag Web', 'ORC_SERVER_INVALID', 'is not a tag'],
  ['route show 7', 'ORC_ROUTE_UNKNOWN', 'no route 7'],
  ['route enable 7', 'ORC_ROUTE_UNKNOWN', 'no route 7'],
  ['route disable 7', 'ORC_ROUTE_UNKNOWN', 'no route 7'],
  ['route remove 7', 'ORC_ROUTE_UNKNOWN', 'no route 7'],
  ['route set 1 --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['route set 7 --match true', 'ORC_ROUTE_UNKNOWN', 'no route 7'],
  ['route set 1', 'ORC_USAGE', 'route set 3 --match'],
  ['server set heer --port 1', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['server set here --tag Web', 'ORC_SERVER_INVALID', 'is not a tag'],
  ['server set here --untag wbe', 'ORC_SERVER_INVALID', 'Did you mean web?'],
  ['server add web1 --method local --tag Web', 'ORC_SERVER_INVALID', 'is not a tag'],
  ['server check heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['server approve heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['server hold heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['server release heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['server remove heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['server show heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['transfer list --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['incident list --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['incident list --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['user add ana --role viewer --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['user add ana --role viewer --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['user add ana --role viewer --model sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['token add ci --role viewer --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['token add ci --role viewer --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['token add ci --role viewer --model sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['hook add shop --does check --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['hook add shop --does check --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['hook add shop --does check --model sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['binding add viewer --user ana --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['binding add viewer --user ana --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['binding add viewer --user ana --model sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['up --log xml', 'ORC_USAGE', 'text, json'],
  ['serve --log xml', 'ORC_USAGE', 'text, json'],
  ['unit show abcdef01', 'ORC_UNIT_UNKNOWN', 'abcdef01'],
  ['server lane heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['route preview pages true', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['route preview page true --route 7', 'ORC_ROUTE_UNKNOWN', 'no route 7'],
  ['drift causes --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['drift causes --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['drift repair --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['drift repair --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['drift repair --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['log sections 9999', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['log search 9999 word', 'ORC_LOG_UNKNOWN', 'no log 9999'],
  ['bulk start retry --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['bulk start retry --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['bulk start retry --model sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['bulk start hold --tag wbe', 'ORC_SERVER_INVALID', 'Did you mean web?'],
  ['cancel site:1 --server heer', 'ORC_SERVER_UNKNOWN', 'Did you mean here?'],
  ['cancel site:1 --backend pages', 'ORC_BACKEND_UNKNOWN', 'Did you mean page?'],
  ['operation list --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['drift --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['drift causes --object site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['object list --after site:1', 'ORC_USAGE', 'where a list of objects ended'],
  ['collect site:99', 'ORC_OBJECT_UNKNOWN', 'no row'],
  ['collect sitee:1', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
  ['model fields sites', 'ORC_MODEL_UNKNOWN', 'Did you mean site?'],
]

/** What names something that has to be there, in usage lines. */
const naming = /^(server|backend|model|object|objects|route|log|target|unit|tag|untag|to-tag|file|id|plan)$/

/** Arguments and options of all commands that name something. The audit tells of what is long gone, so that any name may be asked for. */
function namingParts(): string[] {
  const act: Act = () => async () => undefined
  const program = createProgram(act, { stdout: new PassThrough(), stderr: new PassThrough() })
  const walk = (command: Command, path: string): string[] => [
    ...command.registeredArguments.flatMap((one) => (naming.test(one.name()) ? [path] : [])),
    ...command.options.flatMap(({ long }) => (naming.test(long?.slice(2) ?? '') ? [`${path} ${long}`] : [])),
    ...command
      .createHelp()
      .visibleCommands(command)
      .flatMap((sub) => walk(sub, `${path} ${sub.name()}`.trim())),
  ]
  return [...new Set(walk(program, ''))].filter((part) => !/^(help|audit)\b/.test(part))
}

test.each(namingParts())('of %s a typo is tried', (part) => {
  const [option] = part.split(' ').filter((word) => word.startsWith('--'))
  const path = part.replace(/ --.*/, '')
  const tried = typos.filter(
    ([text]) => text.startsWith(`${path} `) && (option === undefined || text.includes(option)),
  )
  expect(tried).not.toEqual([])
})

describe('names', () => {
  let project: Project

  beforeAll(async () => {
    project = new Project()
    const { databaseUrl } = await startFirst(project)
    const rows = `insert into site (id, domain, title) select id, 's' || id || '.example', 'x' from generate_series(1, 12) id`
    await query(databaseUrl, rows)
    await untilWithin(PATIENCE, 'all pages', async () => {
      const { total } = await project.json<{ total: number }>('place', 'list', '--state', 'applied')
      return total === 12
    })
    await project.run('server', 'set', 'here', '--tag', 'web')
  }, TIMEOUT)

  afterAll(() => project.remove())

  test.each(typos)('%s is an error that helps', { timeout: TIMEOUT }, async (text, code, help) => {
    const { code: exit, stderr } = await project.run(...text.split(' '))
    expect(stderr).toContain(`error ${code}`)
    expect(stderr).toContain(help)
    expect(exit).toBe(1)
  })

  test('a tag that no server has may be a typo, and is told', { timeout: TIMEOUT }, async () => {
    const added = await project.run('route', 'add', 'page', '--to-tag', 'wbe', '--dry-run')
    expect(added).toMatchObject({ code: 0, stderr: 'Did you mean web? no server has the tag wbe yet\n' })
    const set = await project.run('route', 'set', '1', '--to-tag', 'wbe', '--dry-run')
    expect(set.stderr).toContain('Did you mean web? no server has the tag wbe yet')
  })

  test('placements are found by what they are called on their servers, page by page', {
    timeout: TIMEOUT,
  }, async () => {
    interface Page {
      total: number
      next: string | null
      placements: PlacementView[]
    }
    const list = (...args: string[]) => project.json<Page>('place', 'list', ...args)
    expect((await list('--identity', 's3.example')).placements).toMatchObject([
      { object: 'site:3', server: 'here', backend: 'page', state: 'applied' },
    ])
    const first = await list('--identity', 's1*', '--limit', '3')
    const second = await list('--identity', 's1*', '--limit', '3', '--after', first.next ?? '')
    expect(second.next).toBeNull()
    expect([first.total, second.total]).toEqual([4, 4])
    expect([...first.placements, ...second.placements].map(({ identity }) => identity)).toEqual([
      's1.example',
      's10.example',
      's11.example',
      's12.example',
    ])
    expect((await list('--identity', 's_.example')).total).toBe(0)
    expect((await list('--server', 'here', '--state', 'failed')).total).toBe(0)
    const told = await project.run('place', 'list', '--limit', '5')
    const [, cursor = ''] = /^5 of 12; the next are shown with --after (\S+)\n$/.exec(told.stderr) ?? []
    const next = await project.run('place', 'list', '--limit', '100', '--after', cursor)
    expect(next.stderr).toBe('7 of 12\n')
  })

  test('a shell completes names that the store knows', { timeout: TIMEOUT }, async () => {
    for (const [kind, name] of Object.entries({ server: 'here', backend: 'page', route: '1' }))
      expect(await project.run('complete-names', kind)).toMatchObject({ code: 0, stdout: `${name}\n` })
  })

  test('a unit of work is named by the beginning of its id', { timeout: TIMEOUT }, async () => {
    const [unit] = await project.json<UnitSummary[]>('unit', 'list', '--limit', '1')
    const id = unit?.id ?? ''
    expect((await project.run('unit', 'list', '--limit', '1')).stdout).toContain(`${id.slice(0, 8)} `)
    expect((await project.json<UnitSummary>('unit', 'show', id.slice(0, 8))).id).toBe(id)
    expect((await project.run('retry', id.slice(0, 13))).code).toBe(0)
  })

  test('the audit tells who did what to what', { timeout: TIMEOUT }, async () => {
    await project.run('server', 'hold', 'here', '--by', 'alice', '--reason', 'disk')
    await project.run('server', 'release', 'here', '--by', 'bob')
    const list = (...args: string[]) => project.json<AuditView[]>('audit', 'list', ...args)
    expect(await list('--of', 'alice')).toMatchObject([
      { by: 'alice', action: 'server.hold', target: 'here' },
    ])
    expect((await list('--action', 'server')).map(({ action }) => action)).toEqual([
      'server.release',
      'server.hold',
      'server.set',
      'server.add',
    ])
    expect(await list('--action', 'server.hold', '--target', 'here', '--since', '1h')).toHaveLength(1)
    expect(await list('--since', '2999-01-01')).toEqual([])
    expect((await project.run('audit', 'list', '--since', 'soon')).code).toBe(1)
  })
})

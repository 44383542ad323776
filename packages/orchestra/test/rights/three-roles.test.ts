import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { captureStatus, installCapture } from '../../src/capture/index.ts'
import type { Model } from '../../src/config/model.ts'
import { checkRights } from '../../src/doctor/rights.ts'
import { isOrchestraError, withHint } from '../../src/errors.ts'
import { retry } from '../../src/manager/retry.ts'
import { listUnits } from '../../src/placements/unit-list.ts'
import { readInstalled, uninstall } from '../../src/removal/uninstall.ts'
import type { Section } from '../../src/rights/index.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { untilWithin } from '../support/processes.ts'
import { applicationWork, Panel, roles, Site } from './panel.ts'

/** One right each, with the statements that take it and give it back. */
function singleRights(
  sections: readonly Section[],
  role: string,
): { right: string; revoke: string; grant: string }[] {
  const statements = sections.flatMap((section) => section.statements.map(({ sql }) => sql))
  return statements.flatMap((sql) => {
    const [, rights = '', rest = ''] =
      /^grant (.*?) (on (?:table|sequence|schema|function) .*)$/.exec(sql) ?? []
    if (!rest.endsWith(`to "${role}"`)) return []
    return rights.split(/, (?![^(]*\))/).map((right) => ({
      right: `${right} ${rest}`,
      revoke: `revoke ${right} ${rest.replace(/ to "/, ' from "')}`,
      grant: `grant ${right} ${rest}`,
    }))
  })
}

async function failureOf(work: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const TIMEOUT = 180_000
let postgres: PostgresServer
let panel: Panel

beforeAll(async () => {
  postgres = await startPostgres()
}, TIMEOUT)

afterAll(() => postgres.stop())

beforeEach(async () => {
  panel = new Panel(await postgres.database())
  await panel.build()
}, TIMEOUT)

afterEach(() => panel.close(), TIMEOUT)

describe('with what `orchestra grants` prints', () => {
  it('three roles do all that there is to do', { timeout: TIMEOUT }, async () => {
    const sections = await panel.sections()
    await panel.grant(sections, 'before')
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    await panel.grant(await panel.sections(), 'after')
    const manager = await panel.work(worker)
    await applicationWork(panel, 100)
    await panel.calm(worker)
    const [unit] = (await listUnits(worker)).filter(({ actor }) => actor === 'alice')
    expect(unit?.logins).toEqual([roles.application])
    const audited = await worker.query(
      `select distinct action, detail ->> 'mode' as mode from orchestra.audit where action like 'sync%' order by mode`,
    )
    expect(audited).toEqual([
      { action: 'sync.start', mode: 'check' },
      { action: 'sync.start', mode: 'sync' },
    ])
    const lie = `insert into orchestra.audit (actor, action, target) values ('bob', 'forget', 'site:1')`
    await expect(panel.run(roles.application, lie)).rejects.toThrow('permission denied')

    await panel.run(roles.owner, 'truncate "Shop".site, "Shop".alias')
    await panel.calm(worker)

    const models = [...panel.config.models.values()]
    const wrong = async () =>
      (await captureStatus(worker, models)).filter(({ state }) => state !== 'ok').length
    await panel.run(roles.owner, 'alter table "Shop".site disable trigger user')
    expect(await wrong()).toBe(4)
    expect((await installCapture(worker, models)).failed).toEqual([])
    expect(await wrong()).toBe(0)

    await panel.run(
      roles.owner,
      'create table "Shop".later (id int primary key)',
      'alter table "Shop"."user" rename to old',
      'alter table "Shop".later rename to "user"',
    )
    expect((await installCapture(worker, models)).failed).toEqual([])
    await panel.run(roles.application, 'insert into "Shop"."user" values (1)')

    await manager.stop({ grace: 1_000 })
    await worker.query('delete from orchestra.worker')
    const { removed, failed } = await installCapture(worker, [Site as Model])
    expect(failed).toEqual([])
    expect(removed).toHaveLength(8)
    const { left } = await uninstall(worker)
    expect(left).toEqual([expect.stringContaining('drop role orchestra_capture')])
    expect(await readInstalled(worker)).toMatchObject({ schemas: [], triggers: [] })
    await panel.run(roles.application, `insert into "Shop".site (domain) values ('free.org')`)
  })

  it('the application misses each right that it is given in schema orchestra, and is told which', {
    timeout: TIMEOUT,
  }, async () => {
    await panel.grant(await panel.sections(), 'before')
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    const sections = (await panel.sections()).filter(({ when }) => when === 'after')
    await panel.grant(sections, 'after')
    await panel.work(worker)
    // Since Postgres 17 who may not read a sequence is answered null: such an application wakes no worker.
    const rights = singleRights(sections, roles.application).filter(({ right }) => !right.includes('asleep'))
    expect(rights.length).toBeGreaterThanOrEqual(20)
    for (const [index, { right, revoke, grant }] of rights.entries()) {
      await panel.run(roles.worker, revoke)
      const error = await failureOf(() => applicationWork(panel, 1000 + 2 * index))
      expect(isOrchestraError(error, 'ORC_STORE_DENIED'), `without ${right}: ${error}`).toBe(true)
      const name = right.replace(/ \(.*?\)/, '')
      const [verb = '', on = ''] = name.split(/ (?=on )/)
      expect(withHint(error)).toMatch(
        new RegExp(`As "Worker", run: grant [^;]*${verb}[^;]*${on.replace(/[.*+?^${}()|[\]\\]/g, '.')}`),
      )
      await panel.run(roles.worker, grant)
      // What one round left open would be worked on in the next.
      await panel.run(roles.owner, 'delete from "Shop".site')
      await panel.calm(worker)
    }
    await applicationWork(panel, 5000)
    const application = await panel.store(roles.application)
    const told = () =>
      application.query(`select pg_sequence_last_value('orchestra.asleep') is not null as told`)
    expect(await told()).toEqual([{ told: true }])
    await panel.run(roles.worker, 'revoke select on sequence orchestra.asleep from "the-app"')
    expect(await told()).toEqual([{ told: false }])
  })

  it.each([
    ['grant usage on schema "Shop" to "Worker"', 'grant usage on schema "Shop" to "Worker"'],
    [
      'grant select, trigger on table "Shop".site to "Worker"',
      'grant trigger on table "Shop".site to "Worker"',
    ],
    ['create schema orchestra authorization "Worker"', 'grant create on database'],
  ])('a worker without `%s` is told', { timeout: TIMEOUT }, async (statement, hint) => {
    const sections = await panel.sections()
    expect(sections.flatMap(({ statements }) => statements.map(({ sql }) => sql))).toContain(statement)
    await panel.grant(sections, 'before', statement)
    const error = await failureOf(async () => panel.install(await panel.store(roles.worker)))
    expect(isOrchestraError(error), String(error)).toBe(true)
    expect(withHint(error)).toContain(hint)
  })

  it('doctor names each right that its role lacks, with the statement that gives it', {
    timeout: TIMEOUT,
  }, async () => {
    await panel.grant(await panel.sections(), 'before')
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    const patient = { store: worker, loaded: { config: panel.config, path: '' } }
    const told = async () => (await checkRights(patient)).map(({ state, hint }) => [state, hint])
    expect(await told()).toEqual([['ok', null]])
    const lost = [
      ['select on table "Shop".site', roles.owner],
      ['trigger on table "Shop"."user"', roles.owner],
      ['usage on schema "Shop"', roles.owner],
    ] as const
    for (const [right, owner] of lost) {
      await panel.run(owner, `revoke ${right} from "Worker"`)
      expect(await told()).toEqual([['problem', expect.stringContaining(`grant ${right} to "Worker"`)]])
      await panel.run(owner, `grant ${right} to "Worker"`)
    }
    const application = await panel.store(roles.application)
    const findings = await checkRights({ ...patient, store: application })
    expect(findings.map(({ message }) => message)).toContain('role the-app lacks trigger on "Shop".alias')
  })

  it('without the role for trigger functions they stay with the worker, which doctor says', {
    timeout: TIMEOUT,
  }, async () => {
    const sections = await panel.sections()
    const member = 'grant orchestra_capture to "Worker" with inherit true, set true'
    expect(sections.flatMap(({ statements }) => statements.map(({ sql }) => sql))).toContain(member)
    await panel.grant(sections, 'before', member)
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    const patient = { store: worker, loaded: { config: panel.config, path: '' } }
    expect(await checkRights(patient)).toMatchObject([
      {
        state: 'problem',
        message: "trigger functions belong to Worker, who may change Orchestra's own tables",
      },
    ])
    await panel.run(null, member)
    await installCapture(worker, [...panel.config.models.values()])
    expect(await checkRights(patient)).toMatchObject([{ state: 'ok' }])
  })

  it('a role that may not connect is told', { timeout: TIMEOUT }, async () => {
    const sections = await panel.sections()
    const statements = sections.flatMap((section) => section.statements.map(({ sql }) => sql))
    const connect = statements.find((sql) => /^grant connect .* to "Worker"/.test(sql)) ?? ''
    await panel.grant(sections, 'before', connect)
    const error = await failureOf(async () => panel.install(await panel.store(roles.worker)))
    expect(withHint(error)).toContain(connect)
  })

  it('a worker that may not read a table any more says so of each object, and removes none', {
    timeout: TIMEOUT,
  }, async () => {
    await panel.grant(await panel.sections(), 'before')
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    await panel.work(worker)
    await panel.run(roles.application, `insert into "Shop".site (domain) values ('a.org')`)
    await panel.calm(worker)
    const right = 'select on table "Shop".site'
    await panel.run(roles.owner, `revoke ${right} from "Worker"`)
    await panel.run(roles.application, `update "Shop".site set domain = 'b.org'`)
    await untilWithin(60_000, 'it is told', async () => {
      const rows = await worker.query<{ error: string }>(
        `select error from orchestra.operation where outcome = 'failure'`,
      )
      return rows.some(({ error }) => error.includes(`grant ${right} to "Worker"`))
    })
    expect(await worker.query('select state from orchestra.placement')).toEqual([{ state: 'applied' }])
    await panel.run(roles.owner, `grant ${right} to "Worker"`)
    await retry(worker, 'failed', 'test')
    await panel.calm(worker)
  })

  it('row policies bind the application and not the worker, who is told where they would', {
    timeout: TIMEOUT,
  }, async () => {
    await panel.run(
      roles.owner,
      'alter table "Shop".site enable row level security',
      'create policy own on "Shop".site using (id < 1000)',
    )
    await panel.grant(await panel.sections(), 'before')
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    await panel.grant(await panel.sections(), 'after')
    await panel.work(worker)
    const { orchestra, pool } = await panel.application()
    const plan = await orchestra.unitOfWork(async (unit) => {
      const client = await pool.connect()
      await client.query(`begin; insert into "Shop".site values (7, 'a.org')`)
      const planned = await unit.plan()
      await client.query('commit')
      client.release()
      return planned
    })
    expect(plan.operations.map(({ object }) => object)).toEqual(['site:7'])
    await panel.run(roles.owner, `insert into "Shop".site values (5000, 'hidden.org')`)
    await panel.calm(worker)
    expect(await worker.query('select object_key from orchestra.placement order by 1')).toHaveLength(2)
    // Asked for all rows, with a role that may see some of them.
    expect((await orchestra.plan()).failures).toMatchObject([
      { reason: expect.stringContaining('BYPASSRLS') },
    ])
  })

  it('default privileges cover tables that later migrations make', { timeout: TIMEOUT }, async () => {
    const sections = await panel.sections()
    await panel.grant(sections, 'before')
    const worker = await panel.store(roles.worker)
    await panel.install(worker)
    const migrated = async () => {
      await panel.run(
        roles.owner,
        'drop table "Shop"."user"',
        'create table "Shop"."user" (id int primary key)',
      )
      return (await installCapture(worker, [...panel.config.models.values()])).failed
    }
    expect(await migrated()).toEqual([])
    await panel.run(roles.application, 'insert into "Shop"."user" values (1)')
    const later = sections.flatMap(({ statements }) =>
      statements.filter(({ sql }) => sql.startsWith('alter default')),
    )
    const reverted = later.map(({ sql }) =>
      sql.replace(' grant ', ' revoke ').replace(/ to ("[^"]*")$/, ' from $1'),
    )
    await panel.run(roles.owner, ...reverted)
    expect((await migrated()).map(({ error }) => withHint(error))).toEqual([
      expect.stringContaining('grant trigger on table "Shop"."user" to "Worker"'),
    ])
    await expect(panel.run(roles.application, 'insert into "Shop"."user" values (1)')).rejects.toThrow(
      'permission denied',
    )
  })
})

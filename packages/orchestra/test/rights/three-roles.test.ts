import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { captureStatus, installCapture } from '../../src/capture/index.ts'
import type { Model } from '../../src/config/model.ts'
import { listUnits } from '../../src/placements/unit-list.ts'
import { readInstalled, uninstall } from '../../src/removal/uninstall.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { applicationWork, Panel, roles, Site } from './panel.ts'

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

    await panel.run(roles.owner, 'truncate "Shop".site, "Shop".alias')
    await panel.calm(worker)

    const models = [...panel.config.models.values()]
    const wrong = async () =>
      (await captureStatus(worker, models)).filter(({ state }) => state !== 'ok').length
    await panel.run(roles.owner, 'alter table "Shop".site disable trigger user')
    expect(await wrong()).toBe(4)
    expect((await installCapture(worker, models)).failed).toEqual([])
    expect(await wrong()).toBe(0)

    const { removed, failed } = await installCapture(worker, [Site as Model])
    expect(failed).toEqual([])
    expect(removed).toHaveLength(4)

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
    const { left } = await uninstall(worker)
    expect(left).toEqual([expect.stringContaining('drop role orchestra_capture')])
    expect(await readInstalled(worker)).toMatchObject({ schemas: [], triggers: [] })
    await panel.run(roles.application, `insert into "Shop".site (domain) values ('free.org')`)
  })
})

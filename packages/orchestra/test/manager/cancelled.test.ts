import { expect, it } from 'vitest'
import { clean } from '../../src/manager/clean.ts'
import { lookAgainAtHeld } from '../../src/manager/held.ts'
import { cancel, retry } from '../../src/manager/index.ts'
import { objectStatus, readStatus, unitStatus } from '../../src/placements/index.ts'
import { forget } from '../../src/removal/index.ts'
import { disableRoute, enableRoute, listRoutes } from '../../src/router/index.ts'
import { touchRoutes } from '../../src/router/revision.ts'
import { sh } from '../../src/script/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { Gates } from '../support/gates.ts'
import { uniqueSleep } from '../support/jobs.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'

describeStores('what was cancelled', (open) => {
  const build = useWorlds(open)
  const site = { kind: 'object', model: 'site', key: '1' } as const
  const said = async (world: World) =>
    (await readStatus(world.store)).cancelled.map(
      ({ object, server, action, waitsFor }) => `${action} ${object} on ${server}: ${waitsFor?.text}`,
    )
  const reason = 'cancelled by anna: ask for it with `orchestra retry site:1`'

  /** Site 1 waits on a held server, and is cancelled there. */
  async function cancelled(statement: string, before?: string): Promise<World> {
    const world = await build()
    await world.work()
    if (before !== undefined) {
      await world.store.query(before)
      await world.calm()
    }
    await holdServer(world.store, 'here', { by: 'test' })
    await world.store.query(statement)
    await until('it waits', async () => (await world.operations()).some(({ state }) => state === 'waiting'))
    await cancel(world.store, site, 'anna')
    await releaseServer(world.store, 'here', { by: 'test' })
    return world
  }

  it.each([
    ['save', `insert into site (id) values (1)`, undefined],
    ['save', `update site set body = 'new'`, `insert into site (id) values (1)`],
    ['delete', `delete from site`, `insert into site (id) values (1)`],
  ])('differs and is listed, until a retry makes it equal: %s, %s', async (action, statement, before) => {
    const world = await cancelled(statement, before)
    await world.calm()
    expect(await said(world)).toEqual([`${action} site:1 on here: ${reason}`])
    const [place] = (await objectStatus(world.store, 'site', ['1'])).places
    expect(place?.pending.map(({ waitsFor }) => waitsFor?.kind)).toEqual(['cancelled'])
    const unitId = (await world.operations()).at(-1)?.unit_id ?? ''
    const unit = await unitStatus(world.store, unitId)
    expect(unit?.operations.map(({ waitsFor }) => waitsFor?.text)).toEqual([reason])
    await world.store.query(`update orchestra.operation set ended_at = ended_at - interval '1 year'`)
    await clean(world.store, { days: 1, auditDays: 400 })
    expect(await said(world)).toHaveLength(1)
    await retry(world.store, site, 'anna')
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    expect(await said(world)).toEqual([])
  })

  it('is not said to be nothing where nobody has decided about it yet', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1), (2)')
    const none = { revoked: 0, stopping: [] }
    expect(await cancel(world.store, site, 'anna')).toEqual({ ...none, undecided: 1 })
    const [change] = await world.store.query<{ id: string }>('select unit_id as id from orchestra.change')
    const unit = { kind: 'unit', id: change?.id ?? '' } as const
    expect(await cancel(world.store, unit, 'anna')).toEqual({ ...none, undecided: 2 })
    await world.collect()
    expect(await cancel(world.store, site, 'anna')).toEqual({ ...none, revoked: 1, undecided: 0 })
  })

  it('is listed when it ran, too', async () => {
    const sleep = uniqueSleep()
    const save = siteFilesWith({ save: (script) => script.run(sh`${sleep.split(' ')}`) })
    const world = await build({ backends: [save] })
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('it sleeps', async () => (await processesWith(sleep)).length > 0)
    await cancel(world.store, site, 'anna')
    await world.calm()
    expect(await said(world)).toEqual([`save site:1 on here: ${reason}`])
  })

  it('is listed where nobody knew where to, until it is known', async () => {
    const world = await build()
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, '')`)
    await until('it failed', async () => (await world.operations()).length > 0)
    await cancel(world.store, site, 'anna')
    expect(await said(world)).toEqual([`save site:1 on null: ${reason}`])
    await world.store.query(`update site set domain = 'a.org'`)
    await world.calm()
    expect(await said(world)).toEqual([])
  })

  it.each(['still cannot be decided', 'can be decided by then'])(
    'stays so when who looks at it again has read it before: it %s',
    async (then) => {
      const gates = new Gates()
      let isKnown = false
      const identity = () => {
        if (!isKnown) throw new Error('cannot tell')
        return 'a.org'
      }
      const worker = { backoff: { operation: { base: 600_000, cap: 600_000 } } }
      const backends = [siteFilesWith({ model: gates.model, identity })]
      const world = await build({ ...gates.parts, backends, worker })
      const collector = world.collector()
      const look = async (meanwhile?: () => Promise<unknown>) => {
        const looking = collector.look()
        const held = await gates.next()
        await meanwhile?.()
        held.go()
        await looking
      }
      await world.store.query(`insert into site (id) values (1)`)
      await look()
      await world.store.query(`update orchestra.operation set due_at = '-infinity'`)
      isKnown = then === 'can be decided by then'
      await look(() => cancel(world.store, site, 'anna'))
      expect(await world.operations()).toMatchObject([{ state: 'done', outcome: 'revoked' }])
      expect(await said(world)).toEqual([`save site:1 on null: ${reason}`])
      expect(await collector.look()).toEqual({ kind: 'idle' })
    },
  )

  it.each(['before anybody looks', 'while somebody looks'])(
    'stays so when its route is enabled %s',
    async (when) => {
      const gates = new Gates()
      const world = await build({ ...gates.parts, backends: [siteFilesWith({ model: gates.model })] })
      const collector = world.collector()
      const look = async (meanwhile?: () => Promise<unknown>) => {
        const looking = collector.look()
        const held = await gates.next()
        await meanwhile?.()
        held.go()
        await looking
      }
      const [route] = await listRoutes(world.store)
      await disableRoute(world.store, route?.id ?? 0, { by: 'test' })
      await world.store.query('delete from orchestra.sync')
      await world.store.query(`insert into site (id) values (1)`)
      await look()
      await enableRoute(world.store, route?.id ?? 0, { by: 'test' })
      await world.store.query('delete from orchestra.sync')
      await lookAgainAtHeld(world.store)
      if (when === 'while somebody looks') await look(() => cancel(world.store, site, 'anna'))
      else {
        await cancel(world.store, site, 'anna')
        gates.open()
        await world.collect(collector)
      }
      expect(await world.operations()).toMatchObject([{ state: 'done', outcome: 'revoked' }])
      expect(await said(world)).toEqual([`save site:1 on here: ${reason}`])
    },
  )

  it('stays so when only what was held elsewhere is looked at again', async () => {
    const sleep = uniqueSleep()
    const save = siteFilesWith({
      save: (script) => script.run(sh`if [[ $PWD == */here ]]; then ${sleep.split(' ')}; fi`),
    })
    const world = await build({ backends: [save], servers: ['here', 'there'] })
    await world.work()
    const there = (await listRoutes(world.store)).find(({ server }) => server === 'there')
    await disableRoute(world.store, there?.id ?? 0, { by: 'test' })
    await world.store.query('delete from orchestra.sync')
    await world.store.query(`insert into site (id) values (1)`)
    await until('it sleeps', async () => (await processesWith(sleep)).length > 0)
    const [log] = await world.store.query<{ id: number }>('select id from orchestra.log')
    await cancel(world.store, { kind: 'log', id: log?.id ?? 0 }, 'anna')
    await until('it is cancelled', async () => (await said(world)).length > 0)
    await world.store.transaction(async (tx) => {
      await tx.query('update orchestra.route set enabled = true')
      await touchRoutes(tx)
    })
    await lookAgainAtHeld(world.store)
    await until('it stands there', async () => {
      const { places } = await objectStatus(world.store, 'site', ['1'])
      return places.some(({ server, placement }) => server === 'there' && placement?.state === 'applied')
    })
    await world.calm()
    expect(await said(world)).toEqual([`save site:1 on here: ${reason}`])
  })

  it('is over when its object is given up', async () => {
    const world = await cancelled(`insert into site (id) values (1)`)
    await forget(world.store, { object: { model: 'site', key: ['1'] } }, 'test')
    expect(await said(world)).toEqual([])
  })
})

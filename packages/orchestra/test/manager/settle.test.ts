import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Decision } from '../../src/collector/index.ts'
import { record } from '../../src/collector/record.ts'
import { allDuties } from '../../src/generation/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { dueLanes } from '../../src/manager/due-lanes.ts'
import { releaseLane, renewLeases } from '../../src/manager/lease.ts'
import { settle } from '../../src/manager/settle.ts'
import type { Settlement } from '../../src/manager/settlement.ts'
import { forget } from '../../src/removal/index.ts'
import { removeRoute } from '../../src/router/index.ts'
import type { Queryable } from '../../src/store/index.ts'
import { until } from '../support/processes.ts'
import { success } from '../support/settlement.ts'
import { describeStores } from '../support/stores.ts'
import { quickBackoff, useWorlds, type World } from '../support/world.ts'

describeStores('settling', (open, kind) => {
  const build = useWorlds(open)
  const owner = randomUUID()

  async function decideSave(world: World, tx: Queryable): Promise<void> {
    const decision: Decision = {
      kind: 'create',
      model: 'site',
      key: ['1'],
      action: 'save',
      unitIds: [randomUUID()],
      backend: 'files',
      serverId: 1,
      identity: 'a.org',
      leave: null,
      object: { id: 1 },
      snapshot: null,
      fate: { kind: 'waiting' },
      standing: 'own',
    }
    const collected = { decisions: [decision], changeIds: [], units: [], attempts: new Map(), seen: [] }
    await record(tx, collected, {
      keyring: world.store.keyring,
      config: world.config,
      backoff: quickBackoff.operation,
    })
  }

  /** Claims what waits, and answers how to settle the only operation of it. */
  async function claimOne(world: World) {
    const claim = await claimLane(world.store, world.config, 1, owner)
    const [operation] = claim?.operations ?? []
    if (claim === undefined || operation === undefined) throw new Error('nothing was claimed')
    return (how: Omit<Settlement, 'operationId'>) =>
      settle(world, claim, null, [{ ...how, operationId: operation.id }])
  }

  const placements = (world: World) =>
    world.store.query('select state, identity, revision from orchestra.placement')

  it('places what was saved and forgets what was deleted', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    await (await claimOne(world))(success)
    expect(await placements(world)).toEqual([{ state: 'applied', identity: 'a.org', revision: 'r' }])
    await world.store.query('delete from site')
    await world.collect()
    await (await claimOne(world))({ ...success, revision: null, identity: null })
    expect(await placements(world)).toEqual([])
  })

  it('keeps the snapshot of what is handed back', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const end = await claimOne(world)
    await end({ ...success, outcome: null, next: 'back', changed: null })
    const [operation] = await world.store.query(
      `select state, attempt, snapshot->>'domain' as domain from orchestra.operation`,
    )
    expect(operation).toEqual({ state: 'waiting', attempt: 0, domain: 'a.org' })
  })

  it('ends what was given up while it ran, and failed', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const end = await claimOne(world)
    await forget(world.store, { object: { model: 'site', key: ['1'] } }, 'test')
    await end({ ...success, outcome: 'failure', next: 'again', error: 'no', revision: null })
    const [operation] = await world.operations()
    expect(operation).toMatchObject({ state: 'done', outcome: 'failure', error: 'no' })
    expect(await placements(world)).toEqual([])
  })

  it('ends the removal of what was refused while it was decided', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const end = await claimOne(world)
    await world.store.query('delete from site')
    await world.collect()
    await end({ ...success, outcome: 'failure', next: 'again', error: 'no', untouched: true })
    expect(await placements(world)).toEqual([])
    expect(await world.operations()).toMatchObject([
      { action: 'save', state: 'done', outcome: 'failure' },
      { action: 'delete', state: 'done', outcome: 'nothing' },
    ])
  })

  it('ends what failed at a copy that is kept since it began', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const end = await claimOne(world)
    await removeRoute(world.store, 1, { by: 'test' })
    await world.collect()
    await end({ ...success, outcome: 'failure', next: 'again', error: 'no' })
    expect(await world.operations()).toMatchObject([
      { action: 'save', state: 'done', outcome: 'failure' },
      { action: 'delete', state: 'done', outcome: 'nothing' },
    ])
    expect(await placements(world)).toMatchObject([{ state: 'kept' }])
  })

  it('ends what is handed back with a newer operation, if there is one', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const end = await claimOne(world)
    await world.store.query(`update site set body = 'newer'`)
    await world.collect()
    await end({ ...success, outcome: null, next: 'back', changed: null })
    const [old, newer] = await world.operations()
    expect([old?.state, old?.superseded_by, newer?.state]).toEqual(['superseded', newer?.id, 'waiting'])
  })

  it('does nothing for who lost the lane', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const end = await claimOne(world)
    await world.store.query(`update orchestra.lane set expires_at = '-infinity'`)
    await world.store.query(`update orchestra.lane set owner = null`)
    await claimLane(world.store, world.config, 1, randomUUID())
    expect(await end(success)).toBe(false)
    expect(await world.operations()).toMatchObject([{ state: 'running' }])
  })

  it('keeps a placement that is wanted again since its delete began', async () => {
    if (kind === 'pglite') return
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    await (await claimOne(world))(success)
    await world.store.query('delete from site')
    await world.collect()
    const end = await claimOne(world)
    const [settled] = await world.store.transaction(async (tx) => {
      await decideSave(world, tx)
      const ending = end({ ...success, revision: null, identity: null })
      await until(
        'it waits for the place',
        async () =>
          (
            await world.store.query(
              `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%orchestra.placement%'`,
            )
          ).length > 0,
      )
      return [ending]
    })
    expect(await settled).toBe(true)
    expect(await placements(world)).toMatchObject([{ state: 'pending' }])
  })

  it('prolongs no lease of a lane that was released', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const claim = await claimLane(world.store, world.config, 1, owner)
    if (claim === undefined) throw new Error('nothing was claimed')
    expect((await renewLeases(world.store, owner, [1])).kept).toEqual([1])
    await releaseLane(world.store, claim)
    expect((await renewLeases(world.store, owner, [1])).kept).toEqual([])
    expect(await dueLanes(world.store, allDuties(world.config))).toEqual([{ serverId: 1, work: 'changes' }])
  })

  it('gives a lane to one of many who want it', async () => {
    const world = await build()
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => claimLane(world.store, world.config, 1, randomUUID())),
    )
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1)
  })
})

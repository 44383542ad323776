import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { collect } from '../../src/capture/index.ts'
import { clean } from '../../src/manager/clean.ts'
import { cancel } from '../../src/manager/index.ts'
import { listUnits, type UnitStatus, unitStatus } from '../../src/placements/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

describeStores('changes of what waits', (open) => {
  const build = useWorlds(open)

  /** Changes site 1 as a unit of its own, which the collector has seen when this answers. */
  async function unit(world: World, statement: string): Promise<string> {
    const id = randomUUID()
    await world.store.transaction(async (tx) => {
      await tx.query(`select set_config('orchestra.unit_of_work', $1, true)`, [id])
      await tx.query(statement)
    })
    await world.collect()
    return id
  }

  const body = (text: string) => `update site set body = '${text}'`
  const told = async (world: World, ids: readonly string[]) =>
    Promise.all(ids.map((id) => unitStatus(world.store, id) as Promise<UnitStatus>))

  it('are one operation, and each unit tells what became of it', async () => {
    const world = await build()
    const first = await unit(world, 'insert into site (id) values (1)')
    const second = await unit(world, body('second'))
    const third = await unit(world, body('third'))
    expect(await world.operations()).toMatchObject([{ state: 'waiting' }])
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual({ 1: 'a.org third' })
    const [operation, ...others] = await world.operations()
    expect(others).toEqual([])
    const one = { id: operation?.id, outcome: 'success', action: 'save', supersededBy: null }
    expect(await told(world, [first, second, third])).toMatchObject([
      { state: 'settled', operations: [{ ...one, carriedBy: third }] },
      { state: 'settled', operations: [{ ...one, carriedBy: third }] },
      { state: 'settled', operations: [{ ...one, carriedBy: null }] },
    ])
    expect((await listUnits(world.store)).map(({ operations, open }) => `${operations} ${open}`)).toEqual(
      Array(3).fill('1 0'),
    )
  })

  it('are one operation when it is a removal that comes last, also of what was never made', async () => {
    const world = await build()
    const first = await unit(world, 'insert into site (id) values (1)')
    const second = await unit(world, 'delete from site')
    expect(await world.operations()).toMatchObject([
      { action: 'delete', state: 'done', outcome: 'nothing', superseded_by: null },
    ])
    expect(await told(world, [first, second])).toMatchObject([
      { state: 'settled', operations: [{ outcome: 'nothing', carriedBy: second }] },
      { state: 'settled', operations: [{ outcome: 'nothing', carriedBy: null }] },
    ])
  })

  it('are one custom action, with what the last asked for', async () => {
    const world = await build()
    await unit(world, 'insert into site (id) values (1)')
    const units: string[] = []
    for (let time = 0; time < 2; time++) {
      units.push(await collect(world.store, { model: 'site', keys: [['1']], action: 'touch' }))
      await world.collect()
    }
    expect((await world.operations()).map(({ action, state }) => `${action} ${state}`)).toEqual([
      'save waiting',
      'touch waiting',
    ])
    const touch = { action: 'touch', state: 'waiting' }
    expect(await told(world, units)).toMatchObject([
      { operations: [{ ...touch, carriedBy: units[1] }] },
      { operations: [{ ...touch, carriedBy: null }] },
    ])
  })

  it('begin anew when it was tried before: what it says of its tries stays', async () => {
    const world = await build({ worker: { backoff: { operation: { base: 600_000, cap: 600_000 } } } })
    await world.work()
    const first = await unit(world, `insert into site (id, body) values (1, 'fail')`)
    await expect.poll(async () => (await world.operations())[0]?.outcome, { timeout: 20_000 }).toBe('failure')
    await world.stopWorkers()
    const second = await unit(world, body('good'))
    const [failed, good] = await world.operations()
    expect(failed).toMatchObject({ state: 'superseded', outcome: 'failure', superseded_by: good?.id })
    expect(await told(world, [first, second])).toMatchObject([
      { operations: [{ id: failed?.id, supersededBy: good?.id, carriedBy: second, state: 'waiting' }] },
      { operations: [{ id: good?.id, carriedBy: null, state: 'waiting' }] },
    ])
  })

  it('are revoked with the last of them alone', async () => {
    const world = await build()
    const first = await unit(world, 'insert into site (id) values (1)')
    const second = await unit(world, body('second'))
    expect(await cancel(world.store, { kind: 'unit', id: first }, 'anna')).toMatchObject({ revoked: 0 })
    expect(await cancel(world.store, { kind: 'unit', id: second }, 'anna')).toMatchObject({ revoked: 1 })
  })

  it('keep their units as long as the operation is kept', async () => {
    const world = await build()
    const first = await unit(world, 'insert into site (id) values (1)')
    const second = await unit(world, body('second'))
    await world.store.query(`update orchestra.unit set created_at = created_at - interval '1 year'`)
    await clean(world.store, { days: 1, auditDays: 400 })
    expect(await told(world, [first, second])).toMatchObject([{ state: 'pending' }, { state: 'pending' }])
    await world.store.query(
      `update orchestra.operation set state = 'done', outcome = 'success', ended_at = now() - interval '1 year'`,
    )
    await clean(world.store, { days: 1, auditDays: 400 })
    expect(await told(world, [first, second])).toEqual([undefined, undefined])
  })
})

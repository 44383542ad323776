import { expect, it } from 'vitest'
import { schedulesOf } from '../../src/manager/schedules.ts'
import { createMethods } from '../../src/methods/index.ts'
import { cancelSync } from '../../src/sync/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describeStores('a schedule', (open) => {
  const build = useWorlds(open)

  it.each([
    ['of the configuration', 'orchestra-schedule-nightly', 'schedule:nightly'],
    ["of Orchestra's own", 'orchestra-compare', 'schedule'],
  ])('%s asks for nothing while what it asked for before goes on', async (_, name, source) => {
    const world = await build({ schedules: [{ name: 'nightly', cron: '0 4 * * *', does: 'check' }] })
    const { store, config } = world
    const methods = createMethods()
    const schedules = schedulesOf({ store, config, methods, onError: (error) => world.errors.push(error) })
    const asked = () =>
      store.query<{ id: number }>('select id from orchestra.sync where source = $1 order by id', [source])
    await schedules[name]?.run()
    // It has begun: one that has not would be joined.
    await store.query('update orchestra.sync set started_at = now()')
    await schedules[name]?.run()
    const [first, ...others] = await asked()
    expect(others).toEqual([])
    await cancelSync(store, first?.id ?? 0, 'test')
    await schedules[name]?.run()
    expect(await asked()).toHaveLength(2)
    expect(world.errors).toEqual([])
    await methods.close()
  })
})

import { expect, it } from 'vitest'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describeStores('work whose history somebody deletes', (open) => {
  const build = useWorlds(open)

  for (const [what, statement, files] of [
    ['new', `insert into site (id, domain) values (2, 'two')`, { 1: 'one ', 2: 'two ' }],
    ['changed', `update site set body = 'new'`, { 1: 'one new' }],
    ['renamed', `update site set domain = 'other'`, { 1: 'other ' }],
    ['deleted', `delete from site`, {}],
  ] as const)
    it(`is done all the same, where an object is ${what}`, async () => {
      const world = await build()
      await world.work()
      await world.store.query(`insert into site (id, domain) values (1, 'one')`)
      await world.calm()
      await holdServer(world.store, 'here', { by: 'test' })
      await world.store.query(statement)
      await until('it waits', async () => (await world.operations()).some(({ state }) => state === 'waiting'))
      await world.store.query('delete from orchestra.operation')
      await world.store.query('delete from orchestra.unit')
      await releaseServer(world.store, 'here', { by: 'test' })
      await until('it was asked for once more and done', async () =>
        (await world.operations()).some(({ state }) => state === 'done'),
      )
      await world.calm()
      expect(await world.files()).toEqual(files)
      expect(world.errors).toEqual([])
    })
})

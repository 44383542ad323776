import { expect, it } from 'vitest'
import { removeServer } from '../../src/fleet/index.ts'
import { cancel, retry } from '../../src/manager/index.ts'
import { forget } from '../../src/removal/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const site = { model: 'site', key: ['1'] }

describePostgres('whoever meets a worker crosswise', (open) => {
  const build = useWorlds(open)

  const verbs: [name: string, ask: (world: World) => Promise<unknown>][] = [
    ['forget', ({ store }) => forget(store, { object: site }, 'test')],
    ['cancel', ({ store }) => cancel(store, { kind: 'object', model: 'site', key: '1' }, 'test')],
    ['retry', ({ store }) => retry(store, { kind: 'object', model: 'site', key: '1' }, 'test')],
    ['server remove', ({ store }) => removeServer(store, 'here', { by: 'test', force: true })],
  ]
  for (const [name, ask] of verbs)
    it(`gives way and begins anew: ${name}`, { timeout: 60_000 }, async () => {
      const world = await build()
      await world.store.query('insert into site (id) values (1)')
      await world.collect()
      const lock = (table: string) => `select from orchestra.${table} for no key update`
      let asking: Promise<unknown> | undefined
      await world.store.transaction(async (tx) => {
        await tx.query(lock('placement'))
        asking = ask(world)
        asking.catch(() => undefined)
        await untilWithin(20_000, 'it waits for the place', async () => {
          const waiting = await world.store.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          )
          return waiting.length > 0
        })
        // It has the lane already. Who has waited longer notices first, and fails.
        await tx.query(lock('lane'))
      })
      expect(await asking).toBeDefined()
    })
})

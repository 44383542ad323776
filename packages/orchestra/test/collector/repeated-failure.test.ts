import { expect, it } from 'vitest'
import type { Backend } from '../../src/config/backend.ts'
import { defineBackend, type Model } from '../../src/index.ts'
import { unitStatus } from '../../src/placements/index.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFiles, siteFilesWith, useWorlds, type World, type WorldOptions } from '../support/world.ts'

const thrown = (): never => {
  throw new Error('cannot tell')
}
const whole = (identity?: () => never): Backend =>
  defineBackend({ name: 'whole', model: Site, ...(identity && { identity }), sync: () => undefined })

/** Each way in which an object may fail before it has a server, with how many operations others ask for. */
const failures: Record<string, { options: WorldOptions; others: number; match?: string }> = {
  'a loader': { options: { models: [{ ...Site, load: thrown } as Model], backends: [] }, others: 0 },
  'an identity': { options: { backends: [siteFilesWith({ identity: thrown })] }, others: 0 },
  'the identity of one of two backends': {
    options: { backends: [siteFiles, siteFilesWith({ name: 'other', identity: thrown })] },
    others: 1,
  },
  'the identity of a backend that writes all at once': { options: { backends: [whole(thrown)] }, others: 0 },
  'the identity of one that writes all at once, beside another': {
    options: { backends: [siteFiles, whole(thrown)] },
    others: 1,
  },
  'a route': { options: { backends: [whole()] }, others: 1, match: 'int(site.plan) > 0' },
}

async function triedAgain(world: World): Promise<void> {
  await world.store.query(`update orchestra.operation set due_at = '-infinity' where server_id is null`)
  await world.collect()
}

/** Nothing is tried again by itself within a test. */
const worker = { backoff: { operation: { base: 600_000, cap: 600_000 } } }

describeStores('a failure that repeats', (open) => {
  const build = useWorlds(open)

  it.each(Object.entries(failures))(
    'is one operation however often it is tried, when it is of %s',
    async (_, { options, others, match }) => {
      const world = await build({ ...options, worker })
      if (match !== undefined) {
        await world.addDirectoryServer('there')
        await world.route('whole', 'there', match)
      }
      await world.store.query(`insert into site (id) values (1)`)
      await world.collect()
      for (let time = 0; time < 3; time++) await triedAgain(world)
      const operations = await world.operations()
      expect(operations.map(({ backend, state }) => `${backend} ${state}`)).toHaveLength(others + 1)
      expect(operations.filter(({ error }) => error !== null)).toMatchObject([
        { state: 'waiting', attempt: 4 },
      ])
    },
  )

  it('is one operation, which tells each unit that asks for it what became of it', async () => {
    const world = await build({ backends: [siteFilesWith({ identity: thrown })], worker })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    await triedAgain(world)
    await world.store.query(`update site set body = 'other'`)
    await world.collect()
    await triedAgain(world)
    expect(await world.operations()).toMatchObject([{ state: 'waiting', outcome: 'failure', attempt: 2 }])
    const units = await world.store.query<{ id: string }>('select id from orchestra.unit order by created_at')
    const told = await Promise.all(units.map(({ id }) => unitStatus(world.store, id)))
    const later = units.at(-1)?.id
    expect(told).toMatchObject([
      { state: 'failing', operations: [{ outcome: 'failure', carriedBy: later }] },
      { state: 'failing', operations: [{ outcome: 'failure', carriedBy: null }] },
    ])
  })

  it('ends when its reason does, and another reason takes its place', async () => {
    let why = 'first'
    const identity = () => {
      if (why === '') return 'a.org'
      throw new Error(why)
    }
    const world = await build({ backends: [siteFilesWith({ identity })], worker })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    why = 'second'
    await triedAgain(world)
    const told = await world.operations()
    expect(told).toMatchObject([{ attempt: 2, error: 'Backend "files": its identity threw: second' }])
    why = ''
    await triedAgain(world)
    const [failed, good] = await world.operations()
    expect(failed).toMatchObject({ state: 'superseded', superseded_by: good?.id })
    expect(good).toMatchObject({ state: 'waiting', error: null })
  })
})

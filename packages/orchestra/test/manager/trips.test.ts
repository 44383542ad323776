import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { expect, it } from 'vitest'
import { Lane } from '../../src/manager/lane.ts'
import { LaneMemory } from '../../src/manager/lane-memory.ts'
import { createMethods } from '../../src/methods/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** From the look for changes to the lane that is left again; two more where something is said of the script's output meanwhile. */
const STATEMENTS = 48
/** Of these, those that are waited for before anything else is sent on their connection. */
const TRIPS = 32

/** What a store is asked. */
interface Asked {
  statements: string[]
  /** Statements that were sent when all before on their connection were answered: each costs the way there and back. */
  trips: string[]
}

/** Notes all that goes through the pool from now on. */
function listen(store: Store): Asked {
  const asked: Asked = { statements: [], trips: [] }
  const known = new WeakSet<pg.PoolClient>()
  store.pool.on('acquire', (client) => {
    if (known.has(client)) return
    known.add(client)
    note(client, asked)
  })
  return asked
}

function note(client: pg.PoolClient, { statements, trips }: Asked): void {
  let open = 0
  const query = client.query.bind(client) as (...all: unknown[]) => Promise<unknown>
  const noting = (...all: unknown[]) => {
    const [given] = all as [string | { text: string }]
    const text = (typeof given === 'string' ? given : given.text).replace(/\s+/g, ' ').trim().slice(0, 100)
    statements.push(text)
    if (open === 0) trips.push(text)
    open += 1
    const answer = query(...all)
    const end = () => {
      open -= 1
    }
    answer.then(end, end)
    return answer
  }
  client.query = noting as typeof client.query
}

/** A worker's parts, without what it does by the clock. */
async function worker(world: World) {
  const collector = world.collector()
  const methods = createMethods()
  const lane = {
    ...{ store: world.store, config: world.config, methods, owner: randomUUID(), memory: new LaneMemory() },
    isAwaited: () => false,
    lanes: () => 1,
  }
  return {
    change: async () => {
      const look = await collector.look()
      expect(look).toMatchObject({ kind: 'collected', serverIds: [1], more: false })
      await new Lane(lane, 1).drain()
    },
    close: () => methods.close(),
  }
}

describePostgres('one change of an object that stands', (open) => {
  const build = useWorlds(open)

  it('asks few things of the store until its outcome is recorded, and waits for fewer', async () => {
    const world = await build()
    const own = await worker(world)
    await world.store.query(`insert into site (id, domain) values (1, 'one.org')`)
    await own.change()
    await world.store.query(`update site set body = 'warm'`)
    await own.change()

    await world.store.query(`update site set body = 'measured'`)
    const asked = listen(world.store)
    await own.change()
    const { statements, trips } = asked
    await own.close()
    expect(await world.files()).toEqual({ 1: 'one.org measured' })
    expect(statements.length, `statements:\n${statements.join('\n')}`).toBeLessThanOrEqual(STATEMENTS)
    expect(trips.length, `trips:\n${trips.join('\n')}`).toBeLessThanOrEqual(TRIPS)
  })
})

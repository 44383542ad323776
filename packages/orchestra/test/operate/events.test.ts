import { beforeEach, expect, it } from 'vitest'
import { eventFollow, eventList, perform } from '../../src/operate/index.ts'
import type { Happening, HappeningPage } from '../../src/placements/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { askerOf } from './world.ts'

describeStores('what happens', (open) => {
  const build = useWorlds(open)
  let world: World
  beforeEach(async () => {
    world = await build()
  })

  const list = (given: { after?: string; limit?: number } = {}): Promise<HappeningPage> =>
    perform({ verb: eventList, given, open: async () => askerOf(world) })
  const follow = (after: string, signal: AbortSignal): Promise<AsyncIterable<HappeningPage>> =>
    perform({ verb: eventFollow, given: { after }, open: async () => ({ ...askerOf(world), signal }) })
  const hold = async () => {
    await holdServer(world.store, 'here', { by: 'alice' })
    await releaseServer(world.store, 'here', { by: 'alice' })
  }
  const named = (events: readonly Happening[]) => events.map(({ event }) => event)

  it('begins with what keeps work from being done, and goes on behind any event of a page', async () => {
    await holdServer(world.store, 'here', { by: 'alice', reason: 'disk' })
    const now = await list()
    expect(now.events).toMatchObject([{ event: 'server-held', server: 'here', by: 'alice', reason: 'disk' }])
    expect(await list({ after: now.next })).toMatchObject({ events: [], more: false })
    await releaseServer(world.store, 'here', { by: 'alice' })
    await world.work()
    await world.store.query('insert into site (id) values (1)')
    await world.calm()
    const { events } = await list({ after: now.next })
    expect(named(events)).toEqual(['server-released', 'unit', 'ended'])
    for (const [at, { cursor }] of events.entries())
      expect(named((await list({ after: cursor })).events)).toEqual(named(events).slice(at + 1))
    const one = await list({ after: now.next, limit: 1 })
    expect([named(one.events), one.more]).toEqual([['server-released'], true])
  })

  it('is followed as it happens, until whoever follows leaves', async () => {
    const { next: after } = await list()
    const leaving = new AbortController()
    const pages = (await follow(after, leaving.signal))[Symbol.asyncIterator]()
    expect((await pages.next()).value).toMatchObject({ events: [] })
    await holdServer(world.store, 'here', { by: 'alice' })
    const page: HappeningPage = (await pages.next()).value
    expect(named(page.events)).toEqual(['server-held'])
    leaving.abort()
    expect(await pages.next()).toMatchObject({ done: true })
    await releaseServer(world.store, 'here', { by: 'alice' })
    const since: string[] = []
    for await (const { events } of await follow(page.events.at(-1)?.cursor ?? '', leaving.signal))
      since.push(...named(events))
    expect(since).toEqual(['server-released'])
  })

  it.each([
    '',
    '1',
    '3:9',
    '5:4:',
    '0:4:',
    '3:9:2',
    '3:9:9',
    '3:9:5,4',
    '3:9:|3:9:',
    '3:9:|3:9:|x',
    '3:9:|3:9:|1|2',
    `3:${'9'.repeat(19)}:`,
  ])('is not asked for since %j', async (after) => {
    const asked = list({ after })
    if (after === '3:9:|3:9:') expect(await asked).toMatchObject({ events: [] })
    else await expect(asked).rejects.toMatchObject({ code: 'ORC_INPUT_INVALID' })
  })

  it('is told once for what happened again meanwhile', async () => {
    const { next: after } = await list()
    for (let times = 0; times < 3; times++) await hold()
    expect(named((await list({ after })).events)).toEqual(['server-released'])
  })
})

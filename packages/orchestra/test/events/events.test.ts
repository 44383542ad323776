import { expect, it } from 'vitest'
import { cleanEvents, eventsFromNow, eventTables, readEvents, type Told } from '../../src/events/index.ts'
import { finishLog } from '../../src/logs/index.ts'
import { audit } from '../../src/server/index.ts'
import { keepRanges, type Store } from '../../src/store/index.ts'
import { addLog, addOperation, addServer } from '../logs/fixtures.ts'
import { describeStores } from '../support/stores.ts'

const act = (db: Parameters<typeof audit>[0], target: string) =>
  audit(db, { by: 'eva', action: 'server.set', target })

const targets = (events: readonly Told[]) =>
  events.map((event) => (event.kind === 'acted' ? event.target : event.kind))

interface Plan {
  'Relation Name'?: string
  'Actual Rows': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

/** Rows of tables, those included that a condition dropped. */
const rowsReadBy = (plan: Plan | undefined): number => {
  if (plan === undefined) return 0
  const own =
    plan['Relation Name'] === undefined ? 0 : plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)
  return (plan.Plans ?? []).reduce((sum, below) => sum + rowsReadBy(below), own)
}

describeStores('events', (open, kind) => {
  it('are told with what they tell, and not at all when that is rolled back', async () => {
    const store = await open()
    const cursor = await eventsFromNow(store)
    const rolledBack = store.transaction(async (tx) => {
      await act(tx, 'never')
      throw new Error('no')
    })
    await expect(rolledBack).rejects.toThrow('no')
    await act(store, 'web1')
    const { events, next, more } = await readEvents(store, cursor)
    expect(events).toMatchObject([{ kind: 'acted', audit: 2, action: 'server.set', target: 'web1' }])
    expect(more).toBe(false)
    expect((await readEvents(store, next)).events).toEqual([])
    // The same place again answers the same: a reader that failed in between misses nothing.
    expect(targets((await readEvents(store, cursor)).events)).toEqual(['web1'])
  })

  it('come in pages, of one moment each, and nothing between two pages is missed', async () => {
    const store = await open()
    let cursor = await eventsFromNow(store)
    for (let count = 0; count < 25; count++) await act(store, `a${count}`)
    const told: string[] = []
    for (let page = 0; page < 4; page++) {
      const { events, next } = await readEvents(store, cursor, 10)
      told.push(...targets(events))
      cursor = next
      if (page === 0) await act(store, 'b')
    }
    expect(told).toEqual([...Array.from({ length: 25 }, (_, count) => `a${count}`), 'b'])
  })

  it('come each once to whoever is thousands of them behind, and who is near the end reads no others', async () => {
    const store = await open()
    const begun = await eventsFromNow(store)
    const many = async (count: number) =>
      store.query(
        `insert into orchestra.event (kind, detail)
         select 'acted', jsonb_build_object('target', 'a' || n) from generate_series(1, $1::int) n`,
        [count],
      )
    await many(6_000)
    const told: string[] = []
    let cursor = begun
    for (let more = true; more; ) {
      const page = await readEvents(store, cursor)
      told.push(...targets(page.events))
      cursor = page.next
      more = page.more
    }
    expect(told).toEqual(Array.from({ length: 6_000 }, (_, nth) => `a${nth + 1}`))
    let statement = { text: '', values: [] as readonly unknown[] }
    const noting: Pick<Store, 'query'> = {
      query: (text, values = []) => {
        statement = { text, values }
        return store.query(text, values)
      },
    }
    await many(1)
    expect(targets((await readEvents(noting, cursor)).events)).toEqual(['a1'])
    await store.query('analyze orchestra.event')
    const [plan] = await store.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `explain (analyze, format json) ${statement.text}`,
      statement.values,
    )
    expect(rowsReadBy(plan?.['QUERY PLAN'][0]?.Plan)).toBeLessThan(100)
  })

  if (kind === 'postgres')
    it('of a long transaction come when it commits, and delay no others', async () => {
      const store = await open()
      let cursor = await eventsFromNow(store)
      const look = async () => {
        const page = await readEvents(store, cursor)
        cursor = page.next
        return targets(page.events)
      }
      await store.transaction(async (long) => {
        await act(long, 'long')
        await store.transaction(async (short) => {
          await act(short, 'short')
          await act(store, 'first')
          expect(await look()).toEqual(['first'])
        })
        expect(await look()).toEqual(['short'])
        await act(store, 'second')
        expect(await look()).toEqual(['second'])
        await act(long, 'long too')
      })
      expect(await look()).toEqual(['long', 'long too'])
      expect(await look()).toEqual([])
    })

  it('are one for a script, however many operations it has, with how many ended how', async () => {
    const store = await open()
    const server = await addServer(store)
    const operations: number[] = []
    for (let count = 0; count < 50; count++) operations.push(await addOperation(store, { serverId: server }))
    const cursor = await eventsFromNow(store)
    const log = await addLog(store, server, { operations })
    const ends = operations.map((_, position) => ({
      position,
      outcome: position % 10 === 0 ? ('failure' as const) : ('success' as const),
    }))
    await finishLog(store, log, { state: 'FAILURE', operations: ends })
    await finishLog(store, log, { state: 'SUCCESS' })
    expect((await readEvents(store, cursor)).events).toMatchObject([
      { kind: 'script-started', log, server, backend: 'nginx' },
      { kind: 'script-ended', log, server, state: 'FAILURE', outcomes: { success: 45, failure: 5 } },
    ])
  })

  it('are kept for a week, in ranges that are dropped', async () => {
    const store = await open()
    const day = async (target: string, days: number) => {
      await act(store, target)
      await store.query(
        `update orchestra.event set at = now() - $2 * interval '1 day' where detail ->> 'target' = $1`,
        [target, days],
      )
      await keepRanges(store, eventTables)
    }
    await day('old', 9)
    await day('week', 7.5)
    await day('young', 1)
    const ranges = async (): Promise<number> => (await partitions(store)).length
    const before = await ranges()
    await cleanEvents(store)
    const left = await store.query<{ target: string }>(
      `select detail ->> 'target' as target from orchestra.event`,
    )
    expect(left).toEqual([{ target: 'young' }])
    expect(await ranges()).toBe(before - 2)
  })
})

function partitions(store: Store): Promise<object[]> {
  return store.query(`select from pg_inherits where inhparent = 'orchestra.event'::regclass`)
}

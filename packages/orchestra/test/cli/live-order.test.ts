import { expect, it } from 'vitest'
import { finishLog } from '../../src/logs/index.ts'
import { addLog, addServer } from '../logs/fixtures.ts'
import { Happenings } from '../support/happenings.ts'
import { describePostgres } from '../support/stores.ts'

describePostgres('what happens', (open) => {
  it('is told once each, however long a transaction takes that began before', async () => {
    const store = await open()
    const server = await addServer(store)
    const events = new Happenings(store)
    await events.begin()
    const told = async () =>
      (await events.next()).flatMap((event) => (event.event === 'ended' ? [event.log] : []))
    let late = 0
    let others: number[] = []
    await store.transaction(async (tx) => {
      late = await addLog(tx, server)
      await finishLog(tx, late, { state: 'SUCCESS' })
      for (let count = 0; count < 600; count++) {
        const log = await addLog(store, server)
        await finishLog(store, log, { state: 'SUCCESS' })
        others.push(log)
      }
      expect(await told()).toEqual(others)
      others = await told()
      expect(others).toEqual([])
    })
    expect(await told()).toEqual([late])
    expect(await told()).toEqual([])
  })

  it('is told once each, also where the store goes away between two pages of it', async () => {
    const store = await open()
    const log = await addLog(store, await addServer(store))
    let reads = 0
    const query: typeof store.query = async (text, values) => {
      if (text.includes('pg_visible_in_snapshot') && ++reads === 2) throw new Error('the store is away')
      return store.query(text, values)
    }
    const events = new Happenings({ ...store, query })
    await events.begin()
    await store.query(
      `insert into orchestra.event (kind, detail) select 'script-ended', jsonb_build_object('log', $1::bigint)
       from generate_series(1, 1001)`,
      [log],
    )
    const told = async () => (await events.next()).filter(({ event }) => event === 'ended').length
    expect(await told()).toBe(1_000)
    expect(await told()).toBe(1)
    expect(await told()).toBe(0)
  })
})

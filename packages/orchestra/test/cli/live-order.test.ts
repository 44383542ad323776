import { expect, it } from 'vitest'
import { WorkEvents } from '../../src/cli/live-events.ts'
import { finishLog } from '../../src/logs/index.ts'
import { addLog, addServer } from '../logs/fixtures.ts'
import { describePostgres } from '../support/stores.ts'

describePostgres('what happens', (open) => {
  it('is told once each, however long a transaction takes that began before', async () => {
    const store = await open()
    const server = await addServer(store)
    const events = new WorkEvents(store)
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
})

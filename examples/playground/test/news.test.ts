import { expect, it } from 'vitest'
import { finishLog } from '../../../packages/orchestra/src/logs/index.ts'
import { addLog, addServer } from '../../../packages/orchestra/test/logs/fixtures.ts'
import { describePostgres } from '../../../packages/orchestra/test/support/stores.ts'
import { NewsReader } from '../news.ts'

describePostgres('news', (open) => {
  it('is told once each, however long a transaction takes that began before', async () => {
    const store = await open()
    const server = await addServer(store, 'north')
    const reader = await NewsReader.from(store)
    const told = async () => (await reader.next()).map((one) => one.kind === 'script' && [one.id, one.state])
    await store.transaction(async (long) => {
      const late = await addLog(long, server)
      await finishLog(long, late, { state: 'SUCCESS' })
      const log = await addLog(store, server)
      expect(await told()).toEqual([[log, null]])
      await finishLog(store, log, { state: 'FAILURE' })
      expect(await told()).toEqual([[log, 'FAILURE']])
    })
    expect(await told()).toEqual([[1, 'SUCCESS']])
    expect(await told()).toEqual([])
  })
})

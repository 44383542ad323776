import { expect, test } from 'vitest'
import { cleanLogs, createLogWriter, type EndState, listLogs } from '../../src/logs/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { addLog, addServer } from './fixtures.ts'

interface OldLog {
  days: number
  state: EndState | 'open'
  backend?: string
}

describeStores('log retention', (open) => {
  async function addOld(store: Store, serverId: number, log: OldLog): Promise<number> {
    const logId = await addLog(store, serverId, { backend: log.backend ?? 'nginx' })
    const writer = createLogWriter(store, { logId })
    void writer.write('stdout', null, Buffer.from('output'))
    if (log.state === 'open') await writer.drain()
    else await writer.finish({ state: log.state })
    await store.query(`update orchestra.log set created_at = now() - $2 * interval '1 day' where id = $1`, [
      logId,
      log.days,
    ])
    return logId
  }

  test('old logs go with their output; open ones, the last success and younger failures stay', async () => {
    const store = await open()
    const web1 = await addServer(store, 'web1')
    const web2 = await addServer(store, 'web2')
    const gone = [
      await addOld(store, web1, { days: 31, state: 'SUCCESS' }),
      await addOld(store, web1, { days: 121, state: 'FAILURE' }),
      await addOld(store, web1, { days: 40, state: 'NOTHING' }),
    ]
    const kept = [
      await addOld(store, web1, { days: 300, state: 'open' }),
      await addOld(store, web1, { days: 31, state: 'FAILURE' }),
      await addOld(store, web1, { days: 60, state: 'TIMEOUT' }),
      await addOld(store, web1, { days: 31, state: 'SUCCESS' }),
      await addOld(store, web1, { days: 400, state: 'SUCCESS', backend: 'bind9' }),
      await addOld(store, web2, { days: 400, state: 'SUCCESS' }),
      await addOld(store, web2, { days: 29, state: 'NOTHING' }),
    ]
    expect(await cleanLogs(store, { days: 30, batch: 2 })).toBe(gone.length)
    expect((await listLogs(store)).map((log) => log.id).sort((a, b) => a - b)).toEqual(kept)
    const [left] = await store.query<{ count: number }>('select count(*) from orchestra.log_chunk')
    expect(left?.count).toBe(kept.length)
    expect(await cleanLogs(store, { days: 30 })).toBe(0)
  })
})

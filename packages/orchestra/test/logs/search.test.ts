import { expect, test } from 'vitest'
import { createLogWriter, finishLog, type LogSearch, listLogs } from '../../src/logs/index.ts'
import { describeStores } from '../support/stores.ts'
import { addLog, addOperation, addServer } from './fixtures.ts'

describeStores('searching logs', (open) => {
  async function fill() {
    const store = await open()
    const web1 = await addServer(store, 'web1')
    const web2 = await addServer(store, 'web2')
    const siteOne = await addOperation(store, { serverId: web1, key: '1' })
    const siteTwo = await addOperation(store, { serverId: web1, key: 'a,b:c' })
    const first = await addLog(store, web1, { operations: [siteOne, siteTwo], script: 'touch /srv/one' })
    const second = await addLog(store, web2, { backend: 'bind9', script: 'rndc reload' })
    const third = await addLog(store, web1, { operations: [siteOne] })
    await finishLog(store, first, { state: 'FAILURE' })
    await finishLog(store, second, { state: 'SUCCESS' })
    const find = async (search: LogSearch) => (await listLogs(store, search)).map((log) => log.id)
    return { store, first, second, third, find }
  }

  test('logs are found by server, backend, state, object and age, newest first', async () => {
    const { store, first, second, third, find } = await fill()
    expect(await find({})).toEqual([third, second, first])
    expect(await find({ server: 'web1' })).toEqual([third, first])
    expect(await find({ backend: 'bind9' })).toEqual([second])
    expect(await find({ state: 'FAILURE' })).toEqual([first])
    expect(await find({ object: 'site:1' })).toEqual([third, first])
    expect(await find({ object: 'site:a,b:c' })).toEqual([first])
    expect(await find({ object: 'site' })).toEqual([])
    expect(await find({ object: 'mailbox:1' })).toEqual([])
    expect(await find({ server: 'web1', object: 'site:1', state: 'FAILURE' })).toEqual([first])
    await store.query(`update orchestra.log set created_at = now() - interval '2 days' where id = $1`, [
      first,
    ])
    expect(await find({ since: new Date(Date.now() - 86_400_000) })).toEqual([third, second])
  })

  test('a page begins where the last one ended', async () => {
    const { first, second, third, find } = await fill()
    expect(await find({ limit: 2 })).toEqual([third, second])
    expect(await find({ limit: 2, before: second })).toEqual([first])
  })

  test('text is found in scripts and in output, as bytes, also where two chunks meet', async () => {
    const { store, first, third, find } = await fill()
    const writer = createLogWriter(store, { logId: third })
    await writer.write('stdout', 0, Buffer.from('a'.repeat(65_533)))
    await writer.write('stdout', 0, Buffer.from('needle in € haystack \xff', 'latin1'))
    await writer.write('stderr', 0, Buffer.from('cut in t'))
    await writer.write('stdout', 1, Buffer.from('100% of_it'))
    await writer.write('stderr', 0, Buffer.from('wo € \0'))
    await writer.finish({ state: 'SUCCESS' })
    expect(await find({ text: '/srv/one' })).toEqual([first])
    for (const text of ['needle', 'aneed', 'cut in two', '€', '100% of_it', 'wo € \0'])
      expect(await find({ text })).toEqual([third])
    expect(await find({ text: '100% of-it' })).toEqual([])
    expect(await find({ text: 'NEEDLE' })).toEqual([])
  })
})

import { expect, test } from 'vitest'
import { isOrchestraError } from '../../src/errors.ts'
import { createLogWriter, followLog, openLogFeed } from '../../src/logs/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { addLog, addServer, collectBytes, until } from './fixtures.ts'

describeStores('following a log', (open) => {
  test('five watchers, one of them late, see the same bytes', async () => {
    const store = await open()
    const logId = await addLog(store, await addServer(store))
    const feed = openLogFeed(store)
    const early = Array.from({ length: 4 }, () => collectBytes(feed.follow(logId)))
    const writer = createLogWriter(store, { logId })
    const written: Buffer[] = []
    const write = async (count: number) => {
      for (let index = 0; index < count; index++) {
        const bytes = Buffer.from([index % 256, 0xff, 0xe2, 0x82])
        written.push(bytes)
        await writer.write(index % 3 === 0 ? 'stderr' : 'stdout', index % 5, bytes)
        if (index % 50 === 0) await new Promise((wake) => setImmediate(wake))
      }
    }
    await write(2_000)
    const first = feed.follow(logId)
    await first.next()
    const late = collectBytes(feed.follow(logId))
    await write(2_000)
    await first.return()
    await writer.finish({ state: 'SUCCESS' })
    const expected = Buffer.concat(written)
    for (const bytes of await Promise.all([...early, late, collectBytes(followLog(store, logId))])) {
      expect(bytes.equals(expected)).toBe(true)
    }
    await feed.close()
  })

  test('a notification brings the first byte at once', async () => {
    const store = await open()
    const logId = await addLog(store, await addServer(store))
    const feed = openLogFeed(store)
    const watcher = feed.follow(logId, { poll: 60_000 })
    const first = watcher.next()
    const writer = createLogWriter(store, { logId })
    const begin = performance.now()
    void writer.write('stdout', null, Buffer.from('!'))
    expect((await first).value?.data.toString()).toBe('!')
    expect(performance.now() - begin).toBeLessThan(1_000)
    await writer.finish({ state: 'SUCCESS' })
    expect((await watcher.next()).done).toBe(true)
    await feed.close()
  })

  test('a watcher whom no notification reaches looks by itself', async () => {
    const store = await open()
    const logId = await addLog(store, await addServer(store))
    const deaf: Store = { ...store, listen: () => ({ close: async () => undefined }) }
    const bytes = collectBytes(followLog(deaf, logId, { poll: 20 }))
    const writer = createLogWriter(store, { logId })
    void writer.write('stdout', null, Buffer.from('heard'))
    await writer.finish({ state: 'SUCCESS' })
    expect((await bytes).toString()).toBe('heard')
  })

  test('a watcher can go at any time', async () => {
    const store = await open()
    const logId = await addLog(store, await addServer(store))
    const stop = new AbortController()
    let hasEnded = false
    const bytes = collectBytes(followLog(store, logId, { signal: stop.signal, poll: 60_000 })).finally(() => {
      hasEnded = true
    })
    stop.abort()
    await until(() => hasEnded)
    expect(await bytes).toHaveLength(0)
  })

  test('a log that does not exist is an error', async () => {
    const store = await open()
    await expect(collectBytes(followLog(store, 404))).rejects.toSatisfy((error) =>
      isOrchestraError(error, 'ORC_LOG_UNKNOWN'),
    )
  })
})

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { isOrchestraError } from '../../src/errors.ts'
import {
  createLogWriter,
  finishLog,
  followLog,
  readLog,
  readOutput,
  readScript,
} from '../../src/logs/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { addLog, addOperation, addServer, collectBytes, collectChunks, until } from './fixtures.ts'

describeStores('the log writer', (open, kind) => {
  async function start(operationCount = 0): Promise<{ store: Store; logId: number }> {
    const store = await open()
    const serverId = await addServer(store)
    const operations: number[] = []
    for (let key = 1; key <= operationCount; key++) {
      operations.push(await addOperation(store, { serverId, key: String(key) }))
    }
    return { store, logId: await addLog(store, serverId, { operations }) }
  }

  test('a log goes from RECEIVED through STARTED to its end', async () => {
    const { store, logId } = await start()
    expect(await readLog(store, logId)).toMatchObject({ state: 'RECEIVED', startedAt: null, endedAt: null })
    const writer = createLogWriter(store, { logId })
    writer.started()
    await until(async () => (await readLog(store, logId)).state === 'STARTED')
    expect(await writer.finish({ state: 'SUCCESS', exitCode: 0 })).toBe(true)
    const log = await readLog(store, logId)
    expect(log).toMatchObject({ state: 'SUCCESS', exitCode: 0, server: 'web1', method: 'ssh' })
    expect(log.startedAt).not.toBeNull()
    expect(log.endedAt).not.toBeNull()
  })

  test('a quick script is stored by its end alone, with the time it started', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId })
    writer.started()
    void writer.write('stdout', null, Buffer.from('done\n'))
    await writer.finish({ state: 'SUCCESS', exitCode: 0 })
    const log = await readLog(store, logId)
    expect(log.startedAt).not.toBeNull()
    expect(log.outputBytes).toBe(5)
    expect(await collectBytes(readOutput(store, logId))).toEqual(Buffer.from('done\n'))
  })

  test('both streams keep their order in one sequence, and each operation has its own output', async () => {
    const { store, logId } = await start(2)
    const writer = createLogWriter(store, { logId })
    void writer.write('stdout', null, Buffer.from('head '))
    void writer.write('stdout', 0, Buffer.from('one '))
    void writer.write('stderr', 0, Buffer.from('warned '))
    void writer.write('stdout', 1, Buffer.from('two '))
    void writer.write('stdout', 0, Buffer.from('settled'))
    await writer.finish({ state: 'SUCCESS' })
    const chunks = await collectChunks(readOutput(store, logId))
    expect(
      chunks.map((chunk) => [chunk.sequence, chunk.stream, chunk.position, chunk.data.toString()]),
    ).toEqual([
      [0, 'stdout', null, 'head '],
      [1, 'stdout', 0, 'one '],
      [2, 'stderr', 0, 'warned '],
      [3, 'stdout', 1, 'two '],
      [4, 'stdout', 0, 'settled'],
    ])
    expect((await collectBytes(readOutput(store, logId, { position: 0 }))).toString()).toBe(
      'one warned settled',
    )
    expect((await collectBytes(readOutput(store, logId, { position: null }))).toString()).toBe('head ')
    expect((await collectBytes(readOutput(store, logId, { stream: 'stderr' }))).toString()).toBe('warned ')
    expect((await collectBytes(readOutput(store, logId, { from: 3 }))).toString()).toBe('two settled')
  })

  test('each operation keeps its own outcome', async () => {
    const { store, logId } = await start(2)
    const writer = createLogWriter(store, { logId, secrets: [{ name: 'password', value: 'hunter22' }] })
    await writer.finish({
      state: 'FAILURE',
      exitCode: 1,
      error: 'half of it failed \0 with hunter22',
      operations: [
        { position: 1, outcome: 'failure', exitCode: 3, changed: false, error: 'no hunter22 here \ud800' },
        { position: 0, outcome: 'success', exitCode: 0, changed: true },
      ],
    })
    const log = await readLog(store, logId)
    expect(log.error).toBe('half of it failed \ufffd with «secret:password»')
    expect(log.operations).toMatchObject([
      { position: 0, object: 'site:1', outcome: 'success', exitCode: 0, changed: true, error: null },
      {
        position: 1,
        object: 'site:2',
        outcome: 'failure',
        exitCode: 3,
        error: 'no «secret:password» here \ufffd',
      },
    ])
  })

  test('the end is part of the transaction that stores it', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId })
    void writer.write('stdout', null, Buffer.from('kept'))
    const rest = await writer.close()
    const undone = store.transaction(async (tx) => {
      await finishLog(tx, logId, { state: 'SUCCESS' }, rest)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await readLog(store, logId)).toMatchObject({ state: 'RECEIVED', endedAt: null })
    await store.transaction((tx) => finishLog(tx, logId, { state: 'SUCCESS' }, rest))
    expect(await readLog(store, logId)).toMatchObject({ state: 'SUCCESS', outputBytes: 4 })
    expect((await collectBytes(readOutput(store, logId))).toString()).toBe('kept')
  })

  test('a drained log has all its output and stays open for whoever ends it', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId })
    writer.started()
    void writer.write('stdout', null, Buffer.from('before the connection broke'))
    await writer.drain()
    expect(await readLog(store, logId)).toMatchObject({ state: 'STARTED', endedAt: null })
    await finishLog(store, logId, { state: 'SUCCESS' })
    expect(await readLog(store, logId)).toMatchObject({ state: 'SUCCESS', outputBytes: 27 })
    expect((await collectBytes(readOutput(store, logId))).toString()).toBe('before the connection broke')
  })

  test('a log ends once: a worker that was thought dead adds nothing', async () => {
    const { store, logId } = await start(1)
    const writer = createLogWriter(store, { logId })
    void writer.write('stdout', null, Buffer.from('late'))
    await finishLog(store, logId, { state: 'ERROR', error: 'the worker died' })
    expect(await writer.finish({ state: 'SUCCESS', operations: [{ position: 0, outcome: 'success' }] })).toBe(
      false,
    )
    const log = await readLog(store, logId)
    expect(log).toMatchObject({ state: 'ERROR', error: 'the worker died', outputBytes: 0 })
    expect(log.operations[0]?.outcome).toBeNull()
    expect(await collectBytes(readOutput(store, logId))).toHaveLength(0)
  })

  test('broken UTF-8 and NUL bytes are kept byte for byte, and whole characters are not split by size', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId })
    const broken = Buffer.from([0xff, 0xc3, 0x28, 0x00, 0xe2, 0x82, 0x0a])
    const characters = Buffer.from('€'.repeat(50_000))
    await writer.write('stdout', null, broken)
    await writer.write('stdout', null, characters)
    await writer.finish({ state: 'SUCCESS' })
    const chunks = await collectChunks(readOutput(store, logId))
    expect(Buffer.concat(chunks.map((chunk) => chunk.data)).equals(Buffer.concat([broken, characters]))).toBe(
      true,
    )
    expect(chunks.length).toBeGreaterThan(2)
    for (const chunk of chunks.slice(1)) expect(chunk.data.toString().startsWith('€')).toBe(true)
  })

  test('secrets are replaced in both streams, also when they come in pieces', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId, secrets: [{ name: 'token', value: 'tok-12345' }] })
    void writer.write('stdout', 0, Buffer.from('a tok-1'))
    void writer.write('stderr', 0, Buffer.from('b tok-12345 b'))
    void writer.write('stdout', 0, Buffer.from('2345 a tok-'))
    void writer.write('stdout', 1, Buffer.from('12345'))
    await writer.finish({ state: 'SUCCESS' })
    expect((await collectBytes(readOutput(store, logId, { stream: 'stderr' }))).toString()).toBe(
      'b «secret:token» b',
    )
    const stdout = await collectBytes(readOutput(store, logId, { stream: 'stdout' }))
    expect(stdout.toString()).toBe('a «secret:token» a tok-12345')
  })

  test('output beyond the limit is counted, not kept, and the log says so', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId, maxBytes: 10 })
    for (let count = 0; count < 5; count++) void writer.write('stdout', null, Buffer.from('1234'))
    await writer.finish({ state: 'SUCCESS' })
    expect((await readLog(store, logId)).outputBytes).toBe(20)
    expect((await collectBytes(readOutput(store, logId))).toString()).toBe(
      "1234123412\n[orchestra: only the first 10 bytes of this script's output are kept]\n",
    )
  })

  test('output that changes between streams with each byte is kept in so many pieces at most', async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId, maxChunks: 6 })
    for (let count = 0; count < 50; count++) {
      await writer.write('stdout', 0, Buffer.from('o'))
      await writer.write('stderr', 1, Buffer.from('e'))
    }
    await writer.finish({ state: 'SUCCESS' })
    expect((await readLog(store, logId)).outputBytes).toBe(100)
    expect((await collectBytes(readOutput(store, logId))).toString()).toBe(
      "oeoeoe\n[orchestra: only the first 6 bytes of this script's output are kept]\n",
    )
  })

  test('a store that goes away holds the output back and loses none of it', async () => {
    const { store, logId } = await start()
    let isAway = true
    const flaky: Store = {
      ...store,
      query: (text, values) =>
        isAway
          ? store
              .query('select 1')
              .then(() => Promise.reject(Object.assign(new Error('shut down'), { code: '53300' })))
          : store.query(text, values),
    }
    const writer = createLogWriter(flaky, { logId })
    const piece = Buffer.alloc(100_000, 'x')
    let held: Promise<void> | undefined
    let written = 0
    while (held === undefined) {
      held = writer.write('stdout', null, piece)
      written += piece.length
    }
    expect(written).toBeLessThan(2_000_000)
    isAway = false
    await held
    await writer.finish({ state: 'SUCCESS' })
    expect(await collectBytes(readOutput(store, logId))).toHaveLength(written)
  })

  // The embedded database is in this process: nothing can break in between.
  if (kind === 'postgres') {
    test('connections that break while output flows lose and repeat nothing', async () => {
      const { store, logId } = await start()
      const writer = createLogWriter(store, { logId })
      const watcher = collectBytes(followLog(store, logId))
      const other = await open()
      const piece = Buffer.from(Array.from({ length: 5_000 }, (_, line) => `line ${line}\n`).join(''))
      for (let count = 0; count < 200; count++) {
        await writer.write('stdout', null, piece)
        if (count % 40 === 20)
          await other.query(BREAK_CONNECTIONS, [new URL(store.databaseUrl).pathname.slice(1)])
      }
      await writer.finish({ state: 'SUCCESS' })
      const expected = Buffer.concat(Array.from({ length: 200 }, () => piece))
      expect((await watcher).equals(expected)).toBe(true)
      expect((await collectBytes(readOutput(store, logId))).equals(expected)).toBe(true)
    })
  }

  test('an abandoned writer lets everybody go and says so at its end', async () => {
    const { store, logId } = await start()
    const away: Store = {
      ...store,
      query: () => Promise.reject(Object.assign(new Error('no'), { code: '53300' })),
    }
    const writer = createLogWriter(away, { logId })
    const held = writer.write('stdout', null, Buffer.alloc(3_000_000))
    writer.abandon()
    await held
    await expect(writer.close()).rejects.toSatisfy((error) => isOrchestraError(error, 'ORC_LOG_LOST'))
  })

  test('a log that is gone ends its writer with an error, not the script', async () => {
    const { store, logId } = await start()
    await store.query('drop table orchestra.log_chunk')
    const writer = createLogWriter(store, { logId })
    await writer.write('stdout', null, Buffer.alloc(3_000_000))
    await expect(writer.finish({ state: 'SUCCESS' })).rejects.toSatisfy((error) =>
      isOrchestraError(error, 'ORC_LOG_LOST'),
    )
  })

  test('a script of 20 MB is kept whole', { timeout: 60_000 }, async () => {
    const store = await open()
    const serverId = await addServer(store)
    const script = 'printf %s "€ a line of a long script" >file\n'.repeat(450_000)
    const logId = await addLog(store, serverId, { script })
    expect((await readScript(store, logId)) === script).toBe(true)
    expect((await readLog(store, logId)).scriptBytes).toBe(Buffer.byteLength(script))
  })

  test('100 MB of output are kept in order with bounded memory', { timeout: 120_000 }, async () => {
    const { store, logId } = await start()
    const writer = createLogWriter(store, { logId, secrets: [{ name: 'never', value: 'is not in there' }] })
    const expected = createHash('sha256')
    const pieces = 3_200
    for (let count = 0; count < pieces; count++) {
      const piece = Buffer.alloc(32_768, `piece ${count} ☂ `)
      expected.update(piece)
      await writer.write('stdout', null, piece)
    }
    const external = process.memoryUsage().arrayBuffers
    await writer.finish({ state: 'SUCCESS' })
    const actual = createHash('sha256')
    for await (const chunk of readOutput(store, logId)) actual.update(chunk.data)
    expect(actual.digest('hex')).toBe(expected.digest('hex'))
    expect(external).toBeLessThan(400_000_000)
    expect((await readLog(store, logId)).outputBytes).toBe(pieces * 32_768)
  })
})

const BREAK_CONNECTIONS = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1'

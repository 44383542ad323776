import { expect, test } from 'vitest'
import {
  createLogWriter,
  type OutputPart,
  type OutputStream,
  outputExtent,
  readLines,
  readRange,
  readTail,
} from '../../src/logs/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { addLog, addServer, collectBytes, collectChunks } from './fixtures.ts'

type Piece = [stream: OutputStream, bytes: Buffer]

async function written(store: Store, pieces: readonly Piece[]): Promise<number> {
  const logId = await addLog(store, await addServer(store))
  const writer = createLogWriter(store, { logId })
  for (const [stream, bytes] of pieces) await writer.write(stream, null, bytes)
  await writer.finish({ state: 'SUCCESS' })
  return logId
}

/** 100,000 lines, cut where no line and no character ends, with progress bars, errors in between, and no line feed at the end. */
function manyPieces(): Piece[] {
  const text = Array.from({ length: 100_000 }, (_, line) =>
    line % 7 === 0
      ? `10 %\r50 %\r100 % of €${line}`
      : line % 11 === 0
        ? `line ${line} ends as on Windows\r`
        : `line ${line}`,
  )
  const bytes = Buffer.from(text.join('\n'))
  const pieces: Piece[] = []
  for (let at = 0, size = 1_000; at < bytes.length; at += size, size = 700 + ((size * 31) % 9_001)) {
    pieces.push(['stdout', bytes.subarray(at, at + size)])
    if (pieces.length % 9 === 0) pieces.push(['stderr', Buffer.from(`warning ${at}\n`.repeat(at % 3))])
  }
  return pieces
}

const whole = (pieces: readonly Piece[], stream?: OutputStream) =>
  Buffer.concat(pieces.flatMap(([from, bytes]) => (stream === undefined || from === stream ? [bytes] : [])))

/** The same lines by splitting all of it. */
function linesOf(bytes: Buffer, from: number, count = Number.POSITIVE_INFINITY): Buffer {
  let start = 0
  for (let line = 1; line < from; line++) start = bytes.indexOf('\n', start) + 1
  let end = start
  for (let line = 0; line < count && end < bytes.length; line++)
    end = bytes.indexOf('\n', end) + 1 || bytes.length
  return bytes.subarray(start, end)
}

/** Rows of chunks, and bytes of them, that a piece of work has read. */
async function bytesRead(store: Store, work: () => Promise<unknown>): Promise<number> {
  let bytes = 0
  const query = store.query
  const counting: Store['query'] = async <Row>(text: string, values?: readonly unknown[]) => {
    const rows = await query<Row>(text, values)
    for (const row of rows as { data?: Buffer }[]) bytes += row.data?.length ?? 0
    return rows
  }
  store.query = counting
  await work().finally(() => {
    store.query = query
  })
  return bytes
}

describeStores('parts of an output', (open) => {
  test('of 100,000 lines: by bytes, by lines and from the end, of both streams and of each', async () => {
    const store = await open()
    const pieces = manyPieces()
    const logId = await written(store, pieces)
    for (const stream of [undefined, 'stdout', 'stderr'] as const) {
      const all = whole(pieces, stream)
      const part: OutputPart = stream === undefined ? {} : { stream }
      const extent = await outputExtent(store, logId, part)
      const lines = all.toString('latin1').split('\n').length - (all.at(-1) === 10 ? 1 : 0)
      expect(extent).toEqual({ bytes: all.length, lines })
      for (const from of [0, 1, 70_001, all.length - 1, all.length, all.length + 5]) {
        const found = await collectBytes(readRange(store, logId, { ...part, from, to: from + 100_000 }))
        expect(found.equals(all.subarray(from, from + 100_000)), `${stream} from byte ${from}`).toBe(true)
      }
      for (const from of [1, 2, 4_999, lines - 1, lines, lines + 1]) {
        const found = await collectBytes(readLines(store, logId, { ...part, from, count: 1_500 }))
        const wanted = from > lines ? Buffer.alloc(0) : linesOf(all, from, 1_500)
        expect(found.equals(wanted), `${stream} from line ${from}`).toBe(true)
      }
      const tail = await collectBytes(readTail(store, logId, { ...part, lines: 10 }))
      expect(tail.equals(linesOf(all, lines - 9)), `${stream} tail`).toBe(true)
    }
    expect((await collectBytes(readTail(store, logId, { lines: 200_000 }))).length).toBe(whole(pieces).length)
  })

  test('are found without reading the rest', async () => {
    const store = await open()
    const line = Buffer.from(`${'x'.repeat(99)}\n`)
    const logId = await written(
      store,
      Array.from(
        { length: 2_000 },
        (): Piece => ['stdout', Buffer.concat(Array.from({ length: 50 }, () => line))],
      ),
    )
    const tail = () => collectBytes(readTail(store, logId, { lines: 3 }))
    expect((await tail()).toString()).toBe(line.toString().repeat(3))
    expect(await bytesRead(store, tail)).toBeLessThan(1_000_000)
    const middle = () => collectBytes(readLines(store, logId, { from: 90_000, count: 2 }))
    expect(await bytesRead(store, middle)).toBeLessThan(1_200_000)
  })

  test('a tail by bytes begins with a character, also one that chunks share', async () => {
    const store = await open()
    const euro = Buffer.from('€')
    const logId = await written(store, [
      ['stdout', Buffer.concat([Buffer.from('a'), euro.subarray(0, 1)])],
      ['stderr', Buffer.from('!')],
      ['stdout', Buffer.concat([euro.subarray(1), Buffer.from('z')])],
    ])
    expect((await collectBytes(readTail(store, logId, { stream: 'stdout', bytes: 4 }))).toString()).toBe('€z')
    expect((await collectBytes(readTail(store, logId, { stream: 'stdout', bytes: 3 }))).toString()).toBe('z')
    expect((await collectBytes(readTail(store, logId, { bytes: 99 }))).length).toBe(6)
    const cut = await collectChunks(readRange(store, logId, { from: 1, to: 3 }))
    expect(cut.map(({ stream, data }) => [stream, data.length])).toEqual([
      ['stdout', 1],
      ['stderr', 1],
    ])
  })

  test('of a log that an earlier release wrote are counted', async () => {
    const store = await open()
    const logId = await written(store, manyPieces().slice(0, 300))
    const all = whole(manyPieces().slice(0, 300))
    const read = async () => [
      await outputExtent(store, logId),
      (await collectBytes(readLines(store, logId, { from: 500, count: 20 }))).toString(),
      (await collectBytes(readRange(store, logId, { from: 400_000, to: 400_100 }))).toString(),
      (await collectBytes(readTail(store, logId, { lines: 5, stream: 'stderr' }))).toString(),
    ]
    const before = await read()
    expect(before[1]).toBe(linesOf(all, 500, 20).toString())
    await store.query(
      'update orchestra.log_chunk set byte_at = null, line_at = null, stream_byte_at = null, stream_line_at = null',
    )
    expect(await read()).toEqual(before)
  })

  test('of no output are nothing, and of no log an error', async () => {
    const store = await open()
    const logId = await written(store, [])
    expect(await outputExtent(store, logId)).toEqual({ bytes: 0, lines: 0 })
    expect(await collectBytes(readTail(store, logId, { lines: 5 }))).toHaveLength(0)
    await expect(outputExtent(store, logId + 1)).rejects.toMatchObject({ code: 'ORC_LOG_UNKNOWN' })
  })
})

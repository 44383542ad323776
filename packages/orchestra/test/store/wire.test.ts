import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyFormat, mayCopyIn } from '../../src/store/copy.ts'
import {
  BIND,
  CLOSE,
  closeStatement,
  DESCRIBE,
  EXECUTE,
  FrameReader,
  message,
  openingOf,
  PARSE,
  queryMessage,
  renameStatement,
  sqlOf,
  statementOf,
} from '../../src/store/wire.ts'

const startup = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

describe('reading messages', () => {
  const messages = fc.array(
    fc.record({ type: fc.integer({ min: 1, max: 255 }), body: fc.uint8Array({ maxLength: 300 }) }),
    { maxLength: 10 },
  )

  it('gives the same messages however the bytes are cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const frames = sent.map(({ type, body }) => message(type, body))
        const bytes = Buffer.concat([sslRequest, startup, ...frames])
        const reader = new FrameReader(false)
        const seen = chunksOf(bytes, cuts).flatMap((chunk) => reader.push(chunk) ?? [])
        expect(seen.map((frame) => frame.bytes)).toEqual([sslRequest, startup, ...frames])
        expect(seen.map((frame) => frame.type)).toEqual([0, 0, ...sent.map(({ type }) => type)])
      }),
    )
  })

  it('puts a message of many chunks together once', () => {
    const big = message(PARSE, Buffer.alloc(20_000_000, 1))
    const reader = new FrameReader(true)
    // Joined anew at every chunk, this would copy 25 GB.
    const frames = chunksOf(big, [8_192]).flatMap((chunk) => reader.push(chunk) ?? [])
    expect(frames).toHaveLength(1)
    expect(frames[0]?.bytes.equals(big)).toBe(true)
  })

  it.each([
    ['a negative length', Buffer.from([255, 255, 255, 255, 0, 3, 0, 0])],
    ['a length of nothing', Buffer.from([0, 0, 0, 0, 0, 3, 0, 0])],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('gives up at %s', (_, bytes) => {
    expect(new FrameReader(false).push(bytes)).toBeUndefined()
  })

  it('gives up at a length that does not even hold itself, once started', () => {
    expect(new FrameReader(true).push(Buffer.from([PARSE, 0, 0, 0, 3]))).toBeUndefined()
  })

  it('tells what a client begins with', () => {
    const opening = (bytes: Buffer) => openingOf({ type: 0, bytes })
    expect(opening(startup)).toBe('startup')
    expect(opening(sslRequest)).toBe('encryption')
    expect(opening(Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1]))).toBe('cancel')
    expect(opening(Buffer.from([0, 0, 0, 8, 0, 2, 0, 0]))).toBe('unknown')
    expect(opening(Buffer.from([0, 0, 0, 4]))).toBe('unknown')
  })
})

describe('prepared statements', () => {
  const frame = (type: number, body: string) => ({ type, bytes: message(type, body) })
  const named = [
    frame(PARSE, 's1\0select 1\0\0\0'),
    frame(BIND, 'portal\0s1\0\0\0\0\0\0\0'),
    frame(BIND, '\0s1\0\0\0\0\0\0\0'),
    frame(DESCRIBE, 'Ss1\0'),
    { type: CLOSE, bytes: closeStatement('s1') },
  ]

  it('get another name wherever one stands, and nothing else changes', () => {
    for (const each of named) {
      const renamed = renameStatement(each, 'c7.')
      expect(statementOf(each)).toBe('s1')
      expect(statementOf(renamed)).toBe('c7.s1')
      expect(new FrameReader(true).push(renamed.bytes)).toHaveLength(1)
      expect(renamed.bytes.subarray(5).toString('latin1').replace('c7.', '')).toBe(
        each.bytes.subarray(5).toString('latin1'),
      )
    }
    expect(sqlOf(renameStatement(named[0] ?? frame(PARSE, ''), 'c7.'))).toBe('select 1')
  })

  it('without a name, portals and other messages stay as they are', () => {
    const others = [
      frame(PARSE, '\0select 1\0\0\0'),
      frame(BIND, 'portal\0\0\0\0\0\0\0\0'),
      frame(DESCRIBE, 'Pportal\0'),
      frame(CLOSE, 'S\0'),
      frame(EXECUTE, 'portal\0\0\0\0\0'),
      { type: 0x51, bytes: queryMessage('select 1') },
    ]
    for (const each of others) expect(renameStatement(each, 'c7.')).toBe(each)
  })
})

describe('a COPY from the client', () => {
  it.each([
    ['copy t from stdin', 'text'],
    ['COPY  t FROM STDIN ', 'text'],
    ['/* a */ -- b\n copy s.t (a, "from") from stdin with (format csv);', 'text'],
    ['copy t from stdin (format binary)', 'binary'],
    ["copy t from stdin with (delimiter ';')", 'text'],
    ['copy t from stdin; select 1', undefined],
    ['select 1; copy t from stdin', undefined],
    ["select 'copy t from stdin'", undefined],
    ['copy t to stdout', undefined],
    ["copy t from '/tmp/from stdin'", undefined],
    ['copy (select 1 from stdin) to stdout', undefined],
    ['create table copy_from_stdin (a int)', undefined],
  ])('%j is read as %s', (sql, format) => {
    expect(copyFormat(sql)).toBe(format)
  })

  it('is suspected wherever one could be', () => {
    expect(mayCopyIn('select 1; copy t from STDIN')).toBe(true)
    expect(mayCopyIn('select 1')).toBe(false)
  })
})

function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

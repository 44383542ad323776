import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BoundedBytes,
  createOutputParser,
  createRecoveryParser,
  LastBytes,
  type ScriptEvent,
} from '../../src/script/index.ts'
import { createInspectionParser } from '../../src/script/inspection-answers.ts'
import { longestRecord, MarkedStream } from '../../src/script/marked-stream.ts'
import { Pieces } from '../../src/script/pieces.ts'
import { countWork } from './work.ts'

const token = 'ab'.repeat(16)
const mark = `\x1eorchestra:${token} `
const chunkBytes = 64 * 1024
const chunks = 128
const fedBytes = chunks * chunkBytes

/** What a server may send that costs a careless reader most. */
const worst: Record<string, string> = {
  'one byte without end': 'x',
  'nothing but newlines': '\n',
  'nothing but NUL': '\0',
  'nothing but marks': mark,
  'starts of marks': mark.slice(0, -1),
  'marks with a newline far away': `${mark.repeat(1000)}\n`,
  'empty records': `${mark}\n`,
  'blocks that change with each byte': `${mark}block 1\nx${mark}block 2\nx`,
  'one result again and again': `${mark}result 0 ok 0 step changed\n`,
  'results of operations that cannot be': `${mark}result 99999999999999999999 ok 0 step changed\n`,
  'that it remembers nothing, again and again': `${mark}fresh\n`,
  'its end, again and again': `${mark}end\n`,
}

function chunkOf(text: string): Buffer {
  return Buffer.from(text.repeat(Math.ceil(chunkBytes / text.length))).subarray(0, chunkBytes)
}

describe.each(Object.entries(worst))('a server that sends %s', (_, text) => {
  it('costs a script each byte a few times, and no event twice that may come once', () => {
    const chunk = chunkOf(text)
    const counts = new Map<string, number>()
    const parser = createOutputParser(token, ({ kind }) => counts.set(kind, (counts.get(kind) ?? 0) + 1))
    const { bytes } = countWork(() => {
      for (let count = 0; count < chunks; count++) parser.push('stdout', chunk)
      parser.end()
    })
    expect(bytes).toBeLessThan(8 * fedBytes)
    for (const kind of ['result', 'fresh', 'finished']) expect(counts.get(kind) ?? 0).toBeLessThanOrEqual(1)
  })

  it.each(['found', 'places', 'digests', 'passwd', 'content 0', 'read 0'])(
    'costs an inspection that asked for %s each byte a few times, or is not read on',
    (section) => {
      const chunk = chunkOf(text)
      const parser = createInspectionParser(token)
      let fed = 0
      const { bytes } = countWork(() => {
        try {
          parser.push(Buffer.from(`${mark}${section}\n`))
          for (let count = 0; count < chunks; count++) {
            fed += chunk.length
            parser.push(chunk)
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'ORC_ANSWER_TOO_LARGE' })
        }
      })
      expect(bytes).toBeLessThan(8 * fed + 1024 * 1024)
    },
  )
})

it('reads 106 MB that hold no newline, or nothing else, as it reads little: nothing is kept', () => {
  for (const text of ['x', '\n', mark.slice(0, -1)]) {
    const chunk = chunkOf(text)
    let given = 0
    const parser = createOutputParser(token, (event) => {
      if (event.kind === 'output') given += event.bytes.length
    })
    const { bytes } = countWork(() => {
      for (let count = 0; count < 1700; count++) parser.push('stdout', chunk)
      parser.end()
    })
    expect(given).toBe(1700 * chunkBytes)
    expect(bytes).toBeLessThan(8 * 1700 * chunkBytes)
  }
})

it('reads a record alike wherever the bytes are cut, also one that is too long', () => {
  const record = fc.oneof(fc.nat(40), fc.integer({ min: longestRecord - 60, max: longestRecord + 10 }))
  const part = fc.oneof(
    record.map((length) => `${mark}${'r'.repeat(length)}\n`),
    fc.constantFrom('text', '\n', mark, mark.slice(0, 9), '\x1e'),
  )
  const cuts = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), cuts, (parts, sizes) => {
      const all = Buffer.from(parts.join(''))
      expect(readMarked(all, sizes)).toEqual(readMarked(all, [all.length + 1]))
    }),
  )
})

function readMarked(all: Buffer, sizes: readonly number[]): string[] {
  const seen: string[] = []
  const say = (kind: 'bytes' | 'record', text: string) => {
    const last = seen.at(-1)
    if (kind === 'bytes' && last?.startsWith('bytes')) seen[seen.length - 1] = last + text
    else seen.push(`${kind} ${text}`)
  }
  const stream = new MarkedStream(token, {
    onBytes: (bytes) => say('bytes', Buffer.from(bytes).toString('latin1')),
    onRecord: (text) => say('record', text),
  })
  for (let at = 0, index = 0; at < all.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    stream.push(all.subarray(at, at + size))
    at += size
  }
  stream.end()
  return seen
}

it('cuts texts alike wherever the bytes are cut', () => {
  const piece = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\0', ''))
  fc.assert(
    fc.property(fc.array(piece), fc.integer({ min: 1, max: 9 }), (texts, size) => {
      const seen: string[] = []
      const pieces = new Pieces('\0', 1000, 'refuse', (text) => seen.push(text))
      const all = Buffer.from(texts.map((text) => `${text}\0`).join(''))
      for (let at = 0; at < all.length; at += size) pieces.push(all.subarray(at, at + size))
      pieces.end()
      expect(seen).toEqual(texts)
    }),
  )
})

it('reads the number of a group whose members fill megabytes', () => {
  const parser = createInspectionParser(token)
  parser.push(Buffer.from(`${mark}group\nstaff:x:50:`))
  for (let count = 0; count < 100; count++) parser.push(Buffer.alloc(chunkBytes, 'member,'))
  parser.push(Buffer.from(`\nmail:x:8:\n${mark}end\n`))
  const { groups, whole } = parser.end()
  expect([...groups]).toEqual([
    ['staff', '50'],
    ['mail', '8'],
  ])
  expect(whole).toBe(true)
})

it('gives out nothing of records that claim what cannot be', () => {
  const events: ScriptEvent[] = []
  const parser = createOutputParser(token, (event) => events.push(event))
  const records = [
    'result 0 ok 1e300 step changed',
    'result 0 ok NaN step changed',
    'result 0 ok -1 step changed',
    'result 0 ok 99999999999 step changed',
    'result 0 ok  step changed',
    'result 0 ok',
    'result -1 ok 0 step changed',
    'result 1.5 ok 0 step changed',
    'result 4294967296 ok 0 step changed',
    'result 0 ok 0 whatever changed',
    'result 0 ok 0 reload.\0 changed',
    `result 0 ok 0 reload.${'x'.repeat(500)} changed`,
    'reload reload.a ok Infinity',
    'reload other.a ok 0',
    'broken -1',
    'broken 99999999999',
    'broken',
    'block 99999999999',
    'unheard of',
    '',
  ]
  for (const record of records) parser.push('stdout', Buffer.from(`${mark}${record}\n`))
  parser.push('stdout', Buffer.from('after'))
  parser.end()
  expect(events).toEqual([{ kind: 'output', index: null, stream: 'stdout', bytes: Buffer.from('after') }])
})

it('remembers of a server that was asked about runs no others, and each result once', () => {
  const parser = createRecoveryParser(token, ['a', 'b'])
  const say = (record: string) => parser.push(Buffer.from(`${mark}${record}\n`))
  for (const run of ['x', 'a', 'a', 'y']) {
    say(`run ${run} began`)
    say('result 0 ok 0 step changed')
    say('result 0 failed 1 step changed')
    say('done')
  }
  for (let count = 0; count < 5000; count++) say(`reload reload.s${count} ok 0`)
  say('run b absent')
  say('end')
  expect(parser.end()).toMatchObject([
    { runId: 'a', state: 'done', results: [{ index: 0, status: 'ok' }], reloads: [] },
    { runId: 'b', state: 'never', results: [] },
  ])
})

it('collects up to a bound, and keeps the last bytes of any number', () => {
  const collected = new BoundedBytes(10, 'a list')
  collected.push(Buffer.from('0123456789'))
  expect(collected.end().toString()).toBe('0123456789')
  expect(() => collected.push(Buffer.from('!'))).toThrow('a list')
  const last = new LastBytes(4)
  const { bytes } = countWork(() => {
    for (let count = 0; count < 100_000; count++) last.push(Buffer.alloc(1, count % 2 === 0 ? 'a' : 'b'))
  })
  expect(last.end().toString()).toBe('abab')
  expect(bytes).toBeLessThan(800_000)
})

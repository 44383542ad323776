import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actorText } from '../../src/cli/actor-text.ts'
import { age, duration, took, until } from '../../src/cli/ages.ts'
import { eventLines } from '../../src/cli/live-lines.ts'
import { table } from '../../src/cli/table.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { cutText, manyLines, oneLine, textWidth } from '../../src/cli/text-width.ts'
import { causesOf } from '../../src/placements/index.ts'

const columns = [
  { title: 'NAME', value: (row: { name: string; count: number | null }) => row.name },
  { title: 'COUNT', value: (row: { count: number | null }) => row.count, align: 'right' as const },
]

describe('text', () => {
  test('takes the columns that a terminal gives it', () => {
    expect(textWidth('site')).toBe(4)
    expect(textWidth('日本')).toBe(4)
    expect(textWidth('e\u0301')).toBe(1)
    expect(textWidth('👩‍👩‍👧')).toBe(2)
    expect(textWidth('\u001b[31mred\u001b[39m')).toBe(3)
  })

  test('is never wider than it was cut to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(textWidth(cutText(oneLine(text), width))).toBeLessThanOrEqual(width)
      }),
    )
  })

  test('holds nothing that a terminal acts on', () => {
    expect(oneLine('a\u001b[2Jb\nc')).toBe('a\\x1b[2Jb\\nc')
    expect(oneLine('\u202egnp')).toBe('\\u202egnp')
    expect(manyLines('a\tb\r\nc\u0007')).toBe('a\tb\nc\\x07')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})

describe('a table', () => {
  test('is aligned, numbers to the right, and nothing as a hyphen', () => {
    const rows = [
      { name: 'web1', count: 7 },
      { name: '日本', count: null },
    ]
    expect(table(columns, rows)).toEqual(['NAME  COUNT', 'web1      7', '日本      -'])
  })

  test('without rows is empty', () => {
    expect(table(columns, [])).toEqual([])
  })

  test('fits the width by cutting the widest column', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), count: fc.nat() }), { minLength: 1 }),
        fc.integer({ min: 24, max: 60 }),
        (rows, width) => {
          for (const line of table(columns, rows, width)) expect(textWidth(line)).toBeLessThanOrEqual(width)
        },
      ),
    )
  })
})

describe('time', () => {
  test('is told in one unit that fits', () => {
    expect([45, 3_240, 42_000, 250_000, 7_300_000, 200_000_000].map(duration)).toEqual([
      '45 ms',
      '3.2 s',
      '42 s',
      '4 min',
      '2 h',
      '2 d',
    ])
    const now = Date.parse('2026-01-01T00:01:00Z')
    expect(age('2026-01-01T00:00:00Z', now)).toBe('1 min')
    expect(until('2026-01-01T00:01:20Z', now)).toBe('in 20 s')
    expect(until('2026-01-01T00:00:20Z', now)).toBe('now')
    expect(took('2026-01-01T00:00:00Z', null, now)).toBe('1 min')
  })
})

describe('a terminal', () => {
  function open(stdout: { isTTY?: boolean; columns?: number }, environment: NodeJS.ProcessEnv = {}) {
    const stream = Object.assign(new PassThrough(), stdout)
    const streams = { stdin: new PassThrough(), stdout: stream, stderr: new PassThrough() }
    return new Terminal(streams, { json: false, environment })
  }

  test('has colours only when it is one and NO_COLOR is not set', () => {
    const shown = (stdout: { isTTY?: boolean }, environment: NodeJS.ProcessEnv = {}) => {
      const stream = Object.assign(new PassThrough(), stdout)
      const streams = { stdin: new PassThrough(), stdout: stream, stderr: new PassThrough() }
      const terminal = new Terminal(streams, { json: false, environment })
      terminal.line(terminal.colour('red', 'x'))
      return String(stream.read())
    }
    expect(shown({ isTTY: true })).toBe('\u001b[31mx\u001b[39m\n')
    expect(shown({ isTTY: true }, { NO_COLOR: '1' })).toBe('x\n')
    expect(shown({})).toBe('x\n')
  })

  test('has a width, a file has none', () => {
    expect(open({ isTTY: true, columns: 72 }).width).toBe(72)
    expect(open({}).width).toBe(Number.POSITIVE_INFINITY)
  })

  test('prints JSON of what JSON does not know', async () => {
    const stdout = new PassThrough()
    const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() }
    new Terminal(streams, { json: true, environment: {} }).record({ size: 12n })
    expect(String(stdout.read())).toBe('{"size":"12"}\n')
  })
})

describe('the live view', () => {
  const script = {
    log: 12,
    server: 'web1',
    backend: 'nginx',
    state: 'FAILURE' as const,
    operations: 3,
    attempt: 1,
    error: 'a reload failed',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:00.045Z',
  }
  const plain = (lines: string[]) =>
    lines.map((line) => stripVTControlCharacters(line).replace(/^\d\d:\d\d:\d\d {2}/, ''))
  const failure = (error: string) => ({ object: 'site:1\n', action: 'save', outcome: 'failure', error })

  test('tells what failed, and once what ended the script', () => {
    const failures = [failure('no such user'), failure('a reload failed')]
    const ended = { event: 'ended' as const, ...script, failures, causes: causesOf(failures), changed: 1 }
    const lines = eventLines(ended, (_, text) => text)
    expect(plain(lines)).toEqual([
      'web1 nginx log 12 FAILURE in 45 ms: 3 operations, 1 changed: a reload failed',
      '          failure save site:1\\n: no such user',
    ])
  })

  test('tells who changed what, and for which servers', () => {
    const unit = {
      event: 'unit' as const,
      unit: '0f9e',
      actor: 'alice',
      source: 'POST /sites',
      logins: ['alice'],
      at: script.startedAt,
      operations: 2,
      servers: ['web1', 'web2'],
      object: 'site:1',
      objects: 1,
      failures: [],
      causes: [],
    }
    expect(plain(eventLines(unit, (_, text) => text))).toEqual([
      'unit 0f9e by alice (POST /sites): site:1, 2 operations for web1, web2',
    ])
  })

  test('names who was logged in where that is somebody else than the actor', () => {
    expect(actorText({ actor: 'alice', logins: ['app'] })).toBe('alice (database user app)')
    expect(actorText({ actor: 'alice', logins: ['alice', 'app', 'batch'] })).toBe(
      'alice (database users app, batch)',
    )
    expect(actorText({ actor: 'app', logins: ['app'] })).toBe('app')
    expect(actorText({ actor: 'alice', logins: [] })).toBe('alice')
    expect(actorText({ actor: null, logins: [] })).toBeNull()
  })
})

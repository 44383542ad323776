import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { showFailure } from '../../src/cli/failure.ts'
import { writeOutput } from '../../src/cli/log-output.ts'
import { createProgram } from '../../src/cli/program.ts'
import { table } from '../../src/cli/table.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { jsonText, oneLine } from '../../src/cli/text-width.ts'
import { OrchestraError } from '../../src/errors.ts'

/** What a row or a server may hold, and how it is shown. */
const hostile: [string, string, string][] = [
  ['clears the screen', 'a\u001b[2Jb', 'a\\x1b[2Jb'],
  ['colours', 'a\u001b[31mred\u001b[0m', 'a\\x1b[31mred\\x1b[0m'],
  ['hides what follows', '\u001b[8mhidden', '\\x1b[8mhidden'],
  ['sets a title', '\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
  ['writes the clipboard', '\u001b]52;c;cm0gLXJm\u001b\\', '\\x1b]52;c;cm0gLXJm\\x1b\\'],
  ['links elsewhere', '\u001b]8;;http://evil\u0007x', '\\x1b]8;;http://evil\\x07x'],
  ['is a CSI of one byte', '\u009b2J', '\\x9b2J'],
  ['is an OSC of one byte', '\u009d0;title\u009c', '\\x9d0;title\\x9c'],
  ['goes back to the start of the line', 'failed\rdone', 'failed\\rdone'],
  ['goes back a character', 'ab\b\bok', 'ab\\x08\\x08ok'],
  ['deletes', 'a\u007f', 'a\\x7f'],
  ['turns the direction', 'a\u202egnp.exe', 'a\\u202egnp.exe'],
  ['isolates a direction', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['marks a direction', 'a\u200e\u200f\u061c', 'a\\u200e\\u200f\\u061c'],
  ['has no width', 'si\u200bte\ufeff', 'si\\u200bte\\ufeff'],
  ['joins what is not joined', 'si\u200dte', 'si\\u200dte'],
  ['is a soft hyphen', 'si\u00adte', 'si\\xadte'],
  ['is a tag', 'site\u{e0041}', 'site\\u{e0041}'],
  ['separates lines', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
]

const raw = (text: string) => [...text].filter((one) => oneLine(one) !== one && one !== '\n')

function opened(isTTY: boolean, json = false) {
  const streams = {
    stdin: Object.assign(new PassThrough(), { isTTY }),
    stdout: Object.assign(new PassThrough(), { isTTY, columns: 200 }),
    stderr: Object.assign(new PassThrough(), { isTTY }),
  }
  const terminal = new Terminal(streams, { json, environment: {} })
  const read = (name: 'stdout' | 'stderr') => String(streams[name].read() ?? '')
  return { terminal, streams, read }
}

test('a name or an error that breaks the line is still one line', async () => {
  const { terminal, streams, read } = opened(true)
  const forged = 'site\nerror ORC_INTERNAL: it is broken\r\n  Run rm'
  const shown = 'site\\nerror ORC_INTERNAL: it is broken\\r\\n  Run rm'
  terminal.line(forged)
  terminal.tell(null, terminal.colour('red', forged))
  expect(read('stdout')).toBe(`${shown}\n\u001b[31m${shown}\u001b[39m\n`)
  terminal.note(forged)
  terminal.progress(forged)
  expect(read('stderr')).toBe(`${shown}\n\r\u001b[K${shown}`)
  const asked = terminal.ask(forged)
  expect(read('stdout')).toContain(`${shown} `)
  streams.stdin.end('no\n')
  await asked
})

test('what an error goes on with is no line of ours', () => {
  const { terminal, read } = opened(false)
  showFailure(terminal, new OrchestraError('ORC_USAGE', 'a\nerror b\n  c', { hint: 'd\n  e' }), {})
  expect(read('stderr')).toBe('error ORC_USAGE: a\n      error b\n        c\n  d\n        e\n')
})

describe.each(hostile)('a text that %s', (_, text, shown) => {
  test.each([true, false])('is written out by a line and by a note (terminal: %s)', (isTTY) => {
    const { terminal, read } = opened(isTTY)
    terminal.line(`before ${text} after`)
    terminal.note(text)
    expect(read('stdout')).toBe(`before ${shown} after\n`)
    expect(read('stderr')).toBe(`${shown}\n`)
  })

  test('is written out in a line that changes, in a question, in an error and where an option was misspelled', async () => {
    const { terminal, streams, read } = opened(true)
    terminal.progress(text)
    expect(read('stderr')).toBe(`\r\u001b[K${shown}`)
    const asked = terminal.ask(text)
    expect(read('stdout')).toContain(shown)
    streams.stdin.end('no\n')
    await asked
    read('stdout')
    showFailure(terminal, new OrchestraError('ORC_USAGE', text, { hint: text }), {})
    expect(read('stderr')).toBe(`error ORC_USAGE: ${shown}\n  ${shown}\n`)
    const program = createProgram(() => async () => undefined, streams)
    await program.parseAsync([`--${text}`], { from: 'user' }).catch(() => undefined)
    expect(raw(read('stderr') + read('stdout'))).toEqual([])
  })

  test('keeps the columns of a table, and its colours are not ours', () => {
    const { terminal, read } = opened(true)
    const columns = [
      { title: 'NAME', value: (row: string) => row, paint: (cell: string) => terminal.colour('red', cell) },
      { title: 'STATE', value: () => 'SUCCESS', paint: (cell: string) => terminal.colour('green', cell) },
    ]
    for (const line of table(columns, [text])) terminal.line(line)
    expect(read('stdout').split('\n')[1]).toBe(`\u001b[31m${shown}\u001b[39m  \u001b[32mSUCCESS\u001b[39m`)
  })

  test('is the same value in JSON, in which nothing of it stands raw', () => {
    const { terminal, read } = opened(false, true)
    terminal.document({ [text]: text })
    const document = read('stdout')
    terminal.record([text])
    const record = read('stdout')
    showFailure(terminal, new OrchestraError('ORC_USAGE', text), {})
    const errors = read('stderr')
    expect(raw(document + record + errors)).toEqual([])
    expect(JSON.parse(document)).toEqual({ [text]: text })
    expect(JSON.parse(record)).toEqual([text])
    expect(JSON.parse(errors)).toMatchObject({ error: { message: text } })
    expect(JSON.parse(jsonText({ text }))).toEqual({ text })
  })

  test('is written out in the output of a script on a terminal, and the same bytes in a file', async () => {
    const chunks = async function* () {
      yield { sequence: 0, stream: 'stdout' as const, position: 0, data: Buffer.from(`${text}\n`) }
    }
    for (const isTTY of [true, false]) {
      const { terminal, read } = opened(isTTY)
      await writeOutput(terminal, chunks())
      await terminal.write(text)
      expect(read('stdout')).toBe(isTTY ? `${shown}\n${shown}` : `${text}\n${text}`)
    }
  })
})

test('text of other scripts, emoji and tabs of ours stay as they are', () => {
  const { terminal, read } = opened(true)
  const text = 'Straße, 日本, می‌خواهم, 👩‍👩‍👧, e\u0301\tand so on'
  terminal.line(text)
  expect(read('stdout')).toBe(`${text}\n`)
})

import { expect, test } from 'vitest'
import { record, type Script, sh, text } from '../../src/script/index.ts'
import { fitting, MOST_OF_ONE, sizeOf } from '../../src/script/size.ts'
import { machine, render } from './harness.ts'

const hostile = `it's a \\ 'thing'\n`.repeat(1_000)

test.each<[string, (script: Script) => void]>([
  ['a file', (s) => s.file('/a', hostile)],
  ['a command', (s) => s.run(sh`: ${hostile}`, { unless: sh`: ${hostile}`, input: text`${hostile}` })],
  ['a command that checks', (s) => s.file('/a', 'x', { check: sh`: ${hostile}` })],
  ['a note', (s) => s.trash('/a', { note: hostile, restore: sh`: ${hostile}` })],
])('what %s takes in a script is known before it is rendered', (_, method) => {
  const recording = record('one', method)
  const empty = render({ operations: [() => undefined] }).text.length
  const size = render({ operations: [method] }).text.length - empty
  expect(recording.kind === 'recorded' && sizeOf(recording.steps)).toBeGreaterThan(size - 200)
  expect(recording.kind === 'recorded' && sizeOf(recording.steps)).toBeLessThan(size + 200)
})

test.each<[string, (script: Script) => void]>([
  ['letters', (s) => s.file('large', 'x'.repeat(MOST_OF_ONE + 1))],
  ['quotes', (s) => s.file('large', "'".repeat(MOST_OF_ONE / 2 + 1))],
])('an object of too many %s fails alone, with its size', async (_, large) => {
  const script = { operations: [large, (s: Script) => s.file('small', 'x')] }
  const { failures, included } = render(script)
  expect(failures).toMatchObject([{ index: 0, error: { code: 'ORC_SCRIPT_TOO_LARGE' } }])
  expect(failures[0]?.error.message).toContain('take 65 MB')
  expect(included).toEqual([1])
  expect((await machine().run(script)).outcomes()).toEqual(['ok changed'])
})

test('as many go into one script as fit, in their order, and at least one', () => {
  expect(fitting([], 10)).toBe(0)
  expect(fitting([11, 1], 10)).toBe(1)
  expect(fitting([5, 5, 1], 10)).toBe(2)
  expect(fitting([5, 5], 10)).toBe(2)
})

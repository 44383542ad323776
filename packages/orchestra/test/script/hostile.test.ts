import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Script, secret, sh, text } from '../../src/script/index.ts'
import { machine } from './harness.ts'
import { hostile, hostileName } from './hostile.ts'

const strings = fc.sample(hostile, 1000)
const names = [...new Set(fc.sample(hostileName, 1000))]

/** Runs one operation for each string and says which operations did not end well. */
async function runForEach(
  values: readonly string[],
  step: (script: Script, value: string, index: number) => void,
) {
  const server = machine()
  const operations = values.map((value, index) => (script: Script) => step(script, value, index))
  const result = await server.run({ operations })
  expect(result.outcomes().filter((outcome) => outcome !== 'ok changed')).toEqual([])
  expect(readdirSync(server.directory)).not.toContain('pwned')
  return { ...server, result, read: (path: string) => readFileSync(join(server.directory, path), 'utf8') }
}

test('a value in a command is one word that means exactly itself', async () => {
  const { result } = await runForEach(strings, (script, value) => script.run(sh`printf '%s\0' ${value}`))
  expect(strings.map((_, index) => result.outputOf(index))).toEqual(strings.map((value) => `${value}\0`))
}, 60_000)

test('an array is as many words as it has elements', async () => {
  const pairs = strings.slice(0, 300)
  const { result } = await runForEach(pairs, (script, value) =>
    script.run(sh`printf '%s\0' ${[value, 'and', value]}`),
  )
  expect(pairs.map((_, index) => result.outputOf(index))).toEqual(
    pairs.map((value) => `${value}\0and\0${value}\0`),
  )
}, 60_000)

test('a secret is quoted as any other value', async () => {
  const some = strings.slice(300, 600)
  const { result } = await runForEach(some, (script, value) =>
    script.run(sh`printf '%s\0' ${secret(value, 'canary')}`),
  )
  expect(some.map((_, index) => result.outputOf(index))).toEqual(some.map((value) => `${value}\0`))
}, 60_000)

test('input and variables reach a command byte by byte', async () => {
  const some = strings.slice(600, 900)
  const command = sh`cat; printf '\0%s' "$VALUE"`
  const { result } = await runForEach(some, (script, value) =>
    script.run(command, { input: value, env: { VALUE: value } }),
  )
  expect(some.map((_, index) => result.outputOf(index))).toEqual(some.map((value) => `${value}\0${value}`))
}, 60_000)

test('content reaches a file byte by byte, and is recognized the next time', async () => {
  const step = (script: Script, value: string, index: number) => script.file(`f${index}`, text`${value}`)
  const { read, run } = await runForEach(strings, step)
  expect(strings.map((_, index) => read(`f${index}`))).toEqual(strings)
  const again = await run({
    operations: strings.map((value, index) => (script: Script) => step(script, value, index)),
  })
  expect(again.outcomes().filter((outcome) => outcome !== 'ok unchanged')).toEqual([])
}, 60_000)

test('a path names the file it says, in every kind of step', async () => {
  const { read, directory, run } = await runForEach(names, (script, name, index) => {
    script.directory('f')
    script.directory('l')
    script.directory(`d/${name}`)
    script.file(`f/${name}`, String(index))
    script.symlink(`l/${name}`, name)
    if (index % 10 === 0) script.run(sh`true`, { cwd: `d/${name}` })
  })
  expect(names.map((name) => read(`f/${name}`))).toEqual(names.map((_, index) => String(index)))
  expect(names.map((name) => readlinkSync(join(directory, 'l', name)))).toEqual(names)
  expect(readdirSync(join(directory, 'd')).sort()).toEqual([...names].sort())
  await run({
    operations: names.map((name) => (script) => {
      for (const at of ['d', 'f', 'l']) script.absent(`${at}/${name}`)
    }),
  })
  expect(['d', 'f', 'l'].flatMap((at) => readdirSync(join(directory, at)))).toEqual([])
}, 60_000)

test('a label, however written, does nothing', async () => {
  const { renderScript, record } = await import('../../src/script/index.ts')
  const server = machine()
  const operations = strings.map((label, index) => ({
    index,
    label,
    action: 'save',
    recording: record('x', () => undefined),
  }))
  const { text: script, token } = renderScript({
    runId: 'labels',
    backend: 'test',
    server: 'one',
    fence: 1,
    operations,
  })
  const result = await server.runText(script, 'labels', token)
  expect(result.results).toHaveLength(strings.length)
  expect([result.outputOf(null, 'stderr'), result.outputOf(0)]).toEqual(['', ''])
  expect(readdirSync(server.directory)).not.toContain('pwned')
}, 60_000)

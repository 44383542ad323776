import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Recording, renderScript, type Step, sh } from '../../src/script/index.ts'
import { plain } from '../../src/script/rendered.ts'
import { machine } from './harness.ts'

type Server = ReturnType<typeof machine>

function runSteps(server: Server, runId: string, steps: readonly Step[], ahead?: string) {
  const recording: Recording = { kind: 'recorded', steps }
  const rendered = renderScript({
    runId,
    backend: 'test',
    server: 'one',
    fence: 1,
    operations: [{ index: 0, label: 'sync', action: 'sync', recording }],
    ...(ahead === undefined ? {} : { ahead }),
  })
  return server.runText(rendered.text, runId, rendered.token)
}

function bring(server: Server, ahead: string, content: string, file = 0) {
  return runSteps(server, randomUUID(), [{ kind: 'ahead', file, content: plain(content) }], ahead)
}

function use(server: Server, runId: string, size: number, more: object = {}) {
  const open = { owner: null, group: null, check: null }
  const step = { kind: 'ahead-file', path: './out', file: 0, size, mode: '600', ...open, ...more } as const
  return runSteps(server, runId, [step])
}

const inAhead = (server: Server) => readdirSync(join(server.state, 'ahead'))

test('what is brought in parts is put in its place as one file', async () => {
  const server = machine()
  const runId = randomUUID()
  for (const part of ['one\n', "it's \\ two\n", 'ü\n']) await bring(server, runId, part)
  const result = await use(server, runId, Buffer.byteLength("one\nit's \\ two\nü\n"))
  expect(result.outcomes()).toEqual(['ok changed'])
  expect(readFileSync(join(server.directory, 'out'), 'utf8')).toBe("one\nit's \\ two\nü\n")
  expect(statSync(join(server.directory, 'out')).mode & 0o777).toBe(0o600)
  expect(inAhead(server)).toEqual([])
})

test('a file that is the same already stays as it is', async () => {
  const server = machine()
  writeFileSync(join(server.directory, 'out'), 'same', { mode: 0o600 })
  const before = statSync(join(server.directory, 'out')).ino
  const runId = randomUUID()
  await bring(server, runId, 'same')
  expect((await use(server, runId, 4)).outcomes()).toEqual(['ok unchanged'])
  expect(statSync(join(server.directory, 'out')).ino).toBe(before)
  expect(inAhead(server)).toEqual([])
})

test('content that did not arrive as it was sent is not used', async () => {
  const server = machine()
  const runId = randomUUID()
  await bring(server, runId, 'half')
  const result = await use(server, runId, 8)
  expect(result.outcomes()).toEqual(['failed 1 step unchanged'])
  expect(result.outputOf(0)).toContain('not there as it was sent')
  expect(readdirSync(server.directory)).not.toContain('out')
})

test('a check that fails puts the old file back', async () => {
  const server = machine()
  writeFileSync(join(server.directory, 'out'), 'old')
  const runId = randomUUID()
  await bring(server, runId, 'new')
  const result = await use(server, runId, 3, { check: sh`grep -q old out`.rendered })
  expect(result.outcomes()).toEqual(['failed 1 check unchanged'])
  expect(readFileSync(join(server.directory, 'out'), 'utf8')).toBe('old')
  expect(inAhead(server)).toEqual([])
})

test('what a run left that never came to its end goes with the next script', async () => {
  const server = machine()
  await bring(server, randomUUID(), 'left over')
  expect(inAhead(server)).toHaveLength(1)
  const other = randomUUID()
  await bring(server, other, 'a')
  expect(inAhead(server)).toEqual([`${other}.0`])
  await server.run({ operations: [(script) => script.run(sh`true`)] })
  expect(inAhead(server)).toEqual([])
})

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRecoveryParser, renderRecovery, type Script, secret, sh } from '../../src/script/index.ts'
import { type Machine, machine, render } from './harness.ts'

async function recover(server: Machine, runs: readonly string[], lockWait = 30) {
  const runId = randomUUID()
  const { text, token } = renderRecovery({ runId, runs, lockWait })
  const answer = await server.runText(text, runId, token)
  const parser = createRecoveryParser(token, runs)
  parser.push(answer.stdout)
  return { code: answer.code, memory: parser.end() }
}

test('a server remembers what became of a run', async () => {
  const server = machine()
  await server.run({ runId: 'whole', operations: [(s) => s.run(sh`exit 3`), (s) => s.run(sh`true`)] })
  await server.run({ runId: 'broken', operations: [(s) => s.run(sh`true`), (s) => s.run(sh`kill -9 $$`)] })
  const { memory } = await recover(server, ['whole', 'broken', 'never'])
  expect(memory).toMatchObject([
    {
      runId: 'whole',
      state: 'done',
      results: [
        { index: 0, status: 'failed', exit: 3 },
        { index: 1, status: 'ok' },
      ],
    },
    { runId: 'broken', state: 'broken', results: [{ index: 0, status: 'ok' }] },
    { runId: 'never', state: 'never', results: [] },
  ])
})

test('a run that was asked for before it began does not begin, and none runs twice', async () => {
  const server = machine()
  await recover(server, ['late'])
  const touch = (s: Script) => s.run(sh`touch ${join(server.directory, 'touched')}`)
  expect(await server.run({ runId: 'late', operations: [touch] })).toMatchObject({
    code: 84,
    results: [],
    finished: false,
  })
  expect(existsSync(join(server.directory, 'touched'))).toBe(false)
  expect((await recover(server, ['late'])).memory).toMatchObject([{ state: 'never' }])
  expect((await server.run({ runId: 'once', operations: [touch] })).code).toBe(0)
  expect((await server.run({ runId: 'once', operations: [touch] })).code).toBe(84)
})

test('an answer that is cut is no answer', () => {
  const parser = createRecoveryParser('0'.repeat(32), ['a'])
  parser.push(Buffer.from(`\x1eorchestra:${'0'.repeat(32)} run a absent\n`))
  expect(parser.end()).toBeNull()
})

test('runs whose outcome is known elsewhere are forgotten, and nothing else stays behind', async () => {
  const server = machine()
  const operations = [1, 2, 3].map((n) => (s: Script) => s.file(join(server.directory, `f${n}`), 'x'))
  await server.run({ runId: 'one', operations })
  await server.run({ runId: 'two', operations, acknowledge: ['one'] })
  expect(readdirSync(join(server.state, 'runs'))).toEqual(['two'])
  expect(readdirSync(server.directory).sort()).toEqual(['f1', 'f2', 'f3', 'state'])
  expect(statSync(join(server.state, 'runs')).mode & 0o777).toBe(0o700)
})

test('a script of an older owner does not run after one of a newer', async () => {
  const server = machine()
  const operations = [(s: Script) => s.run(sh`true`)]
  expect((await server.run({ operations, fence: 7 })).code).toBe(0)
  expect(await server.run({ operations, fence: 6 })).toMatchObject({ code: 87, results: [] })
  expect((await server.run({ operations, fence: 7 })).code).toBe(0)
  expect((await server.run({ operations, fence: 8 })).code).toBe(0)
})

test('two scripts never overlap, and one that waits too long runs nothing', async () => {
  const server = machine()
  const go = join(server.directory, 'go')
  const began = join(server.directory, 'began')
  const first = server.run({
    operations: [(s) => s.run(sh`touch ${began}; until test -e ${go}; do sleep 0.02; done`)],
  })
  await until(() => existsSync(began))
  expect(await server.run({ operations: [(s) => s.run(sh`true`)], lockWait: 0 })).toMatchObject({
    code: 88,
    results: [],
  })
  expect((await recover(server, ['any'], 0)).code).toBe(88)
  const second = server.run({ operations: [(s) => s.run(sh`test -e ${join(server.directory, 'go')}`)] })
  spawn('touch', [go])
  expect((await first).outcomes()).toEqual(['ok changed'])
  expect((await second).outcomes()).toEqual(['ok changed'])
})

test('what a command leaves running does not keep the lock', async () => {
  const server = machine()
  const pidFile = join(server.directory, 'pid')
  await server.run({ operations: [(s) => s.run(sh`sleep 60 >/dev/null 2>&1 & echo $! >${pidFile}`)] })
  expect((await server.run({ operations: [(s) => s.run(sh`true`)], lockWait: 0 })).code).toBe(0)
  process.kill(Number(readFileSync(pidFile, 'utf8')))
})

test('a truncated script runs nothing', async () => {
  const server = machine()
  const runId = randomUUID()
  const { text, token } = render({ runId, operations: [(s) => s.run(sh`touch touched`)] })
  for (const length of [0, 10, text.length / 2, text.length - 2, text.length - 1]) {
    expect((await server.runText(text.slice(0, length), runId, token)).code).toBe(86)
  }
  expect(readdirSync(server.directory)).toEqual([])
})

test('no secret is in an argument list, in the environment of others, or on disk but where it belongs', async () => {
  const server = machine()
  const canary = 'CANARY-5417'
  const look = sh`grep -a -l ${'CANARY'}-5417 /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true`
  const result = await server.run({
    operations: [
      (s) => {
        s.run(sh`cat >/dev/null; ${look}`, { input: secret(canary, 'password') })
        s.file(join(server.directory, 'conf'), secret(canary, 'password'))
        s.run(look)
      },
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed'])
  expect(
    result
      .outputOf(0)
      .split('\n')
      .filter((line) => line !== ''),
  ).toEqual([])
  expect(statSync(join(server.directory, 'conf')).mode & 0o777).toBe(0o600)
  const found = spawn('grep', ['-r', '-l', canary, server.directory])
  const files = await new Promise<string>((resolve) => {
    let text = ''
    found.stdout.on('data', (bytes) => {
      text += bytes
    })
    found.on('close', () => resolve(text))
  })
  expect(files).toBe(`${join(server.directory, 'conf')}\n`)
})

test('a state directory that cannot be made ends the script before it begins', async () => {
  const directory = machine().directory
  mkdirSync(join(directory, 'x'))
  const server = machine({ ORCHESTRA_STATE: '/proc/nothing/here' })
  expect(await server.run({ operations: [(s) => s.run(sh`true`)] })).toMatchObject({ code: 85, results: [] })
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in 20 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

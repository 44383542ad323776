import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  bootstrapCommand,
  createRecoveryParser,
  renderRecovery,
  type Script,
  sh,
} from '../../src/script/index.ts'
import { until } from '../logs/fixtures.ts'
import { type Machine, machine, render } from './harness.ts'

const groups: number[] = []

afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL')
    } catch {}
  }
})

/** A script that hangs, in a process group of its own, and nobody who waits for it. */
async function hanging(server: Machine, limit: number | undefined) {
  const runId = randomUUID()
  const began = join(server.directory, 'began')
  const [file = '', ...args] = bootstrapCommand(runId)
  const env = { PATH: process.env.PATH ?? '', HOME: server.directory, ORCHESTRA_STATE: server.state }
  const child = spawn(file, args, {
    cwd: server.directory,
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  groups.push(child.pid ?? 0)
  const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)))
  const operation = (s: Script) => s.run(sh`touch ${began}; sleep 1000`)
  child.stdin.end(render({ operations: [operation], runId, limit }).text)
  await until(() => existsSync(began))
  return { runId, ended }
}

test('a script that hangs beyond the time of its worker, which is gone, is ended by the next', async () => {
  const server = machine()
  const { ended } = await hanging(server, 0)
  const next = await server.run({ operations: [(s) => s.run(sh`true`)], lockWait: 2, fence: 2 })
  expect(next.outcomes()).toEqual(['ok changed'])
  expect(next.stderr.toString()).toContain('outlived its time')
  expect(await ended).toBe('SIGKILL')
})

test('whoever asks what became of it learns what was at work', async () => {
  const server = machine()
  const hung = await hanging(server, 0)
  const runId = randomUUID()
  const { text, token } = renderRecovery({ runId, runs: [hung.runId], lockWait: 2 })
  const { stdout } = await server.runText(text, runId, token)
  const parser = createRecoveryParser(token, [hung.runId])
  parser.push(stdout)
  expect(parser.end()).toMatchObject([{ state: 'broken', at: [0] }])
  expect(await hung.ended).toBe('SIGKILL')
})

test.each([
  ['within its time', 3_600],
  ['without a limit', undefined],
])('a script %s is waited for and never ended', async (_, limit) => {
  const server = machine()
  const { ended } = await hanging(server, limit)
  const next = await server.run({ operations: [(s) => s.run(sh`true`)], lockWait: 1, fence: 2 })
  expect(next.code).toBe(88)
  expect(await Promise.race([ended, Promise.resolve('at work')])).toBe('at work')
})

test('what has no limit does not inherit that of the script before it', async () => {
  const server = machine()
  await server.run({ operations: [(s) => s.run(sh`true`)], limit: 0 })
  const { ended } = await hanging(server, undefined)
  const next = await server.run({ operations: [(s) => s.run(sh`true`)], lockWait: 2 })
  expect(next.code).toBe(88)
  expect(await Promise.race([ended, Promise.resolve('at work')])).toBe('at work')
})

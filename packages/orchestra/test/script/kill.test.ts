import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bootstrapCommand, type Script, sh } from '../../src/script/index.ts'
import { type Machine, machine, render, type TestScript } from './harness.ts'

/** Starts a script and kills it with -9 after so many milliseconds. */
async function killed(server: Machine, script: TestScript, delay: number): Promise<void> {
  const runId = randomUUID()
  const [file = '', ...args] = bootstrapCommand(runId)
  const env = { PATH: process.env.PATH ?? '', HOME: server.directory, ORCHESTRA_STATE: server.state }
  const child = spawn(file, args, {
    cwd: server.directory,
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.stdin.on('error', () => undefined)
  child.stdin.end(render({ ...script, runId }).text)
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), delay)
  await closed
  clearTimeout(timer)
}

test('killed at any moment and run again: files are whole, checked, and the service was reloaded after the last change', async () => {
  for (let round = 0; round < 40; round++) {
    const server = machine()
    const at = (path: string) => join(server.directory, path)
    const version = (text: string): TestScript => ({
      prepare: (s) => s.directory(at('conf')),
      operations: Array.from({ length: 12 }, (_, n) => (s: Script) => {
        s.file(
          at(`conf/${n}.conf`),
          `${text} ${n} ${'x'.repeat(5000)}\n`,
          n % 3 === 0 ? { check: sh`! grep -q bad ${at('conf')}/*` } : {},
        )
      }),
      // What the service runs with is what stood there when it was reloaded.
      commit: (s) => s.reload('web', { command: sh`cat ${at('conf')}/*.conf >${at('loaded')}` }),
    })
    await server.run(version('old'))
    await killed(server, version('bad'), 5 + round * 3)
    const bad = readdirSync(at('conf'))
      .filter((name) => name.endsWith('.conf') && !name.startsWith('.'))
      .map((name) => readFileSync(at(`conf/${name}`), 'utf8'))
    for (const content of bad) expect(content).toMatch(/^(old|bad) \d+ x{5000}\n$/)
    await killed(server, version('new'), 5 + round * 3)
    const result = await server.run(version('new'))
    expect(result.outcomes().map((outcome) => outcome.split(' ')[0])).toEqual(Array(12).fill('ok'))
    const files = readdirSync(at('conf')).sort()
    expect(files).toEqual(Array.from({ length: 12 }, (_, n) => `${n}.conf`).sort())
    expect(readFileSync(at('loaded'), 'utf8')).toBe(
      files.map((name) => readFileSync(at(`conf/${name}`), 'utf8')).join(''),
    )
    expect(existsSync(join(server.state, 'owed/test/reload.web'))).toBe(false)
  }
}, 120_000)

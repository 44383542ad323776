import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Script, sh } from '../../src/script/index.ts'
import { seed } from '../support/seed.ts'
import { type Machine, machine, render, type TestScript } from './harness.ts'

/** Every kind of step, and a service that runs with what stood there when it was reloaded. */
function version(server: Machine, text: string): TestScript {
  const at = (path: string) => join(server.directory, path)
  const check = sh`! grep -q bad ${at('conf')}/*`
  return {
    prepare: (s) => s.directory(at('conf')),
    operations: [
      (s) => s.file(at('conf/a'), `${text} a\n`, { check }),
      (s) => s.file(at('conf/b'), `${text} b\n`, { check, mode: 0o600 }),
      (s) => s.file(at('conf/c'), `${text} c\n`),
      (s) => {
        s.symlink(at('link'), text)
        s.absent(at('gone'))
      },
      (s: Script) => s.run(sh`echo ${text} >${at('ran')}`, { unless: sh`grep -qx ${text} ${at('ran')}` }),
    ],
    commit: (s) => s.reload('web', { command: sh`cat ${at('conf')}/* >${at('loaded')}` }),
  }
}

/** Runs a script until before its command of that number; answers how many commands it had run if it came to its end. */
async function killedBefore(server: Machine, script: TestScript, limit: number): Promise<number | 'killed'> {
  const { text } = render({ ...script, runId: randomUUID() })
  const path = join(server.directory, 'script')
  writeFileSync(path, text)
  // Its last command takes the place of its shell, so each is counted before it runs.
  const count =
    '((BASH_SUBSHELL)) || { ((++killer_count != killer_limit)) || kill -9 $$; echo "$killer_count" >&3; }'
  const received = `o_locale=unset; o_script=$(<"$0")$'\\n'; killer_limit=$1`
  const killer = `${received}; set -T; trap '${count}' DEBUG; . "$0" 2>/dev/null`
  const env = { PATH: process.env.PATH ?? '', HOME: server.directory, ORCHESTRA_STATE: server.state }
  const child = spawn('bash', ['--noprofile', '--norc', '-c', killer, path, `${limit}`], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stdio[3]?.on('data', (bytes) => {
    output += bytes
  })
  const [, signal] = await once(child, 'close')
  return signal === 'SIGKILL' ? 'killed' : Number(output.trimEnd().split('\n').at(-1))
}

async function expectRepaired(server: Machine, text: string): Promise<void> {
  const at = (path: string) => join(server.directory, path)
  const read = (path: string) => readFileSync(at(path), 'utf8')
  const result = await server.run(version(server, text))
  expect(result.outcomes().map((outcome) => outcome.split(' ')[0])).toEqual(Array(5).fill('ok'))
  expect(readdirSync(at('conf')).sort(), `after ${text}`).toEqual(['a', 'b', 'c'])
  expect(['a', 'b', 'c'].map((name) => read(`conf/${name}`))).toEqual(
    ['a', 'b', 'c'].map((n) => `${text} ${n}\n`),
  )
  expect(read('loaded')).toBe(`${text} a\n${text} b\n${text} c\n`)
  expect([readlinkSync(at('link')), existsSync(at('gone')), read('ran')]).toEqual([text, false, `${text}\n`])
  expect(readdirSync(server.directory).filter((name) => name.startsWith('.orchestra'))).toEqual([])
  expect(readdirSync(join(server.state, 'owed/test'))).toEqual([])
}

/** Every command would take minutes; a run takes every sixth, and another seed begins with another one. */
const stride = 6

test('killed before any one of its commands and run again, a script leaves everything right', async () => {
  const counter = machine()
  // What the first run makes is there for all others, which have fewer commands.
  await expectRepaired(counter, 'v0')
  const total = await killedBefore(counter, version(counter, 'v1'), 0)
  if (total === 'killed') throw new Error('nobody was to kill this one')
  expect(total).toBeGreaterThan(300)
  const server = machine()
  for (let number = 1 + (seed % stride); number <= total; number += stride) {
    writeFileSync(join(server.directory, 'gone'), '')
    expect(await killedBefore(server, version(server, `v${number}`), number)).toBe('killed')
    await expectRepaired(server, `v${number}`)
  }
}, 180_000)

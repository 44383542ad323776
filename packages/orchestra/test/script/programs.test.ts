import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Script } from '../../src/script/index.ts'
import { type Machine, machine, type TestScript, temporaryDirectory } from './harness.ts'

// A program costs a server a hundred times what a builtin does: each that a script starts is there for a reason.

const counted = [
  'cat',
  'chmod',
  'chown',
  'cmp',
  'find',
  'flock',
  'getent',
  'ls',
  'mkdir',
  'mv',
  'readlink',
  'rm',
  'stat',
]

/** A server that notes which programs its scripts start. */
function noting(): { server: Machine; started(script: TestScript): Promise<string[]> } {
  const words = temporaryDirectory()
  const log = join(words, 'log')
  mkdirSync(join(words, 'bin'))
  for (const name of counted) {
    const real = execFileSync('which', [name], { encoding: 'utf8' }).trim()
    writeFileSync(join(words, 'bin', name), `#!/bin/sh\necho ${name} >>${log}\nexec ${real} "$@"\n`, {
      mode: 0o755,
    })
  }
  const server = machine({ PATH: `${join(words, 'bin')}:${process.env.PATH}` })
  const started = async (script: TestScript) => {
    writeFileSync(log, '')
    const { code } = await server.run(script)
    expect(code).toBe(0)
    return readFileSync(log, 'utf8').split('\n').slice(0, -1)
  }
  return { server, started }
}

const prepare = (s: Script) => s.directory('pages')
const page =
  (body: string, name = 'one') =>
  (s: Script) =>
    s.file(`pages/${name}`, body)
const limited = { limit: 60 }

test('one change of a file takes the lock, looks once at where it acts, and moves what it wrote into place', async () => {
  const { started } = noting()
  await started({ prepare, ...limited, operations: [page('first')] })
  expect(await started({ prepare, ...limited, operations: [page('second')] })).toEqual([
    'stat',
    'flock',
    'chmod',
    'mv',
  ])
})

test('a file that is right takes no more than a look at its mode', async () => {
  const { started } = noting()
  await started({ prepare, ...limited, operations: [page('first')] })
  expect(await started({ prepare, ...limited, operations: [page('first')] })).toEqual([
    'stat',
    'flock',
    'stat',
  ])
})

test('many changes take no more programs than a few', async () => {
  const { started } = noting()
  const operations = (body: string) => Array.from({ length: 150 }, (_, k) => page(body, `page${k}`))
  await started({ prepare, ...limited, operations: operations('first') })
  const programs = await started({ prepare, ...limited, operations: operations('second') })
  expect(programs).toEqual(['stat', 'flock', 'mkdir', 'stat', 'mv', 'mv', 'rm'])
})

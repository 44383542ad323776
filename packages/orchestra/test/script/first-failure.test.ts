import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Script, sh } from '../../src/script/index.ts'
import { machine } from './harness.ts'

// Bash ignores `set -e` in everything that runs where a status is tested, however deep below.
const failsFirst = sh`false; true`

test('a guard of several commands fails with the first of them', async () => {
  const server = machine()
  const ran = (name: string) => sh`touch ${join(server.directory, name)}`
  const result = await server.run({
    operations: [
      (s: Script) => s.run(ran('unless'), { unless: failsFirst }),
      (s: Script) => s.run(ran('only-if'), { onlyIf: failsFirst }),
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed', 'ok unchanged'])
})

test('a check of several commands fails with the first of them, alone and in a batch', async () => {
  const server = machine()
  const file = (name: string) => (s: Script) =>
    s.file(join(server.directory, name), 'new', {
      check: sh`test ! -e ${join(server.directory, 'bad')}; true`,
    })
  const result = await server.run({ operations: [file('good'), file('bad')] })
  expect(result.outcomes()).toEqual(['ok changed', 'failed 1 check unchanged'])
  expect(readFileSync(join(server.directory, 'good'), 'utf8')).toBe('new')
})

test('a directory below a setgid parent gets exactly the mode it is given, and stays unchanged after', async () => {
  const server = machine()
  const directory = join(server.directory, 'parent')
  const operations = [
    (s: Script) => {
      s.run(sh`mkdir -p ${directory}; chmod g+s ${directory}`, { unless: sh`test -d ${directory}` })
      s.directory(join(directory, 'child'), { mode: '0755' })
    },
  ]
  await server.run({ operations })
  expect((await server.run({ operations })).outcomes()).toEqual(['ok unchanged'])
})

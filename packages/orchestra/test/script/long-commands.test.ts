import { expect, test } from 'vitest'
import { sh } from '../../src/script/index.ts'
import { machine } from './harness.ts'

const long = `it's "ä" €\\\n`.repeat(5_000)

// What is long is read as bytes, which must be seen neither in what arrives nor in the programs that are started.
test.each([
  ['LANG', { LANG: 'C.UTF-8' }],
  ['LC_ALL', { LC_ALL: 'C.UTF-8' }],
])('a long command arrives as it is, and its programs are in the locale of %s', async (_, environment) => {
  const server = machine(environment)
  const result = await server.run({
    operations: [
      (s) => s.run(sh`printf %s ${long} >long; locale charmap`),
      (s) => s.run(sh`cat >input; : ${long}; locale charmap`, { input: long }),
      (s) => s.run(sh`locale charmap`, { unless: sh`[[ ${long} != *€* ]]` }),
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed', 'ok changed', 'ok changed'])
  for (const index of [0, 1, 2]) expect(result.outputOf(index)).toBe('UTF-8\n')
  const same = await server.run({ operations: [(s) => s.run(sh`cmp long input; wc -c <long`)] })
  expect(same.outputOf(0)).toBe(`${Buffer.byteLength(long)}\n`)
})

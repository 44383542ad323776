import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startVitest } from 'vitest/node'
import { Counter, type Counts } from './count.ts'

/** Below the workspace, where `vitest` is found. */
const directory = mkdtempSync(join(import.meta.dirname, '.count-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function countsOf(tests: string): Promise<Counts> {
  const counter = new Counter()
  writeFileSync(
    join(directory, 'some.test.ts'),
    `import { afterAll, beforeAll, describe, it } from 'vitest'\n${tests}`,
  )
  const vitest = await startVitest([], { root: directory, config: false, watch: false, reporters: [counter] })
  await vitest.close()
  // Vitest sets it for the process that it runs in, which is this test's.
  process.exitCode = undefined
  return counter.counts
}

const two = `it('one', () => {}); it('two', () => {})`
const fails = `() => { throw new Error('on purpose') }`

it.each([
  ['tests that pass', two, { passed: 2, failed: 0, skipped: 0 }],
  ['a test that fails', `${two}; it('three', ${fails})`, { passed: 2, failed: 1, skipped: 0 }],
  [
    'tests that say that they skip',
    `it.skip('a'); it('b', (c) => c.skip()); it('c', () => {}); it.todo('d')`,
    { passed: 1, failed: 0, skipped: 3 },
  ],
  [
    'tests whose preparation failed',
    `describe('d', () => { beforeAll(${fails}); describe('e', () => { ${two} }); it.skip('s') })`,
    { passed: 0, failed: 2, skipped: 1 },
  ],
  [
    'an end that fails',
    `describe('d', () => { afterAll(${fails}); ${two} })`,
    { passed: 2, failed: 1, skipped: 0 },
  ],
  [
    'a file that cannot be read',
    `${two}; throw new Error('on purpose')`,
    { passed: 0, failed: 1, skipped: 0 },
  ],
  [
    'an error outside every test',
    `it('one', () => new Promise((end) => setImmediate(() => { end(); (${fails})() })))`,
    { passed: 1, failed: 1, skipped: 0 },
  ],
])('%s', async (_, tests, expected) => {
  expect(await countsOf(tests)).toEqual(expected)
})

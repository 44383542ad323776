import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { seed } from '../packages/orchestra/test/support/seed.ts'
import { explore, filesOfChance, summary } from './explore.ts'

/** Below the workspace, where `vitest` is found. */
const root = mkdtempSync(join(import.meta.dirname, '.explore-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const chance = 'test/chance.test.ts'
mkdirSync(join(root, 'test'))
writeFileSync(
  join(root, chance),
  `import { describe, it } from 'vitest'
   import { seed } from '../../../packages/orchestra/test/support/seed.ts'
   describe('a', () => {
     it("isn't (two)?", () => { if (seed === 2) throw new Error('it is two') })
     it('passes', () => {})
   })`,
)
writeFileSync(join(root, 'test/sure.test.ts'), `import { it } from 'vitest'\nit('passes', () => {})`)

it('takes the files whose tests depend on the seed', () => {
  expect(filesOfChance(root, [])).toEqual([chance])
  expect(filesOfChance(root, ['other', 'cha'])).toEqual([chance])
  expect(filesOfChance(root, ['sure'])).toEqual([])
})

it('gives each round another seed and tells what failed with the command that repeats it', async () => {
  const said: string[] = []
  const end = new AbortController()
  const seeds = [1, 2, 3]
  const nextSeed = () => seeds.shift() ?? 0
  const say = (line: string) => {
    said.push(line)
    if (line.includes('TEST_SEED=3')) end.abort()
  }
  const found = await explore({ root, files: [chance], signal: end.signal, nextSeed, say })
  const command = `TEST_SEED=2 npx vitest run ${chance} -t '^a isn'\\''t \\(two\\)\\?$'`
  expect(said).toEqual([
    'round 1: TEST_SEED=1',
    'round 2: TEST_SEED=2',
    `FOUND in ${chance}: a isn't (two)?\n  it is two\n  ${command}`,
    'round 3: TEST_SEED=3',
  ])
  expect(summary(found)).toBe(`3 rounds, 1 found to fail, again with:\n  ${command}`)
})

it('leaves a run without it the same seed, for properties too', () => {
  expect(fc.readConfigureGlobal().seed).toBe(seed)
  expect(fc.sample(fc.integer(), 5)).toEqual(fc.sample(fc.integer(), 5))
})

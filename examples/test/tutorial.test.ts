import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { describeLab } from '../../lab/describe-lab.ts'
import { type Lab, startLab } from '../../lab/index.ts'
import { copyRepository, pack } from '../../packages/orchestra/test/package/packed.ts'
import { masked, patternOf, readSections } from './tutorial/blocks.ts'
import { Reader } from './tutorial/reader.ts'

const tutorial = resolve(import.meta.dirname, '../../docs/tutorial.md')
const sections = readSections(readFileSync(tutorial, 'utf8'))

describeLab('in the tutorial', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-packed-'))
  let lab: Lab
  let reader: Reader
  let isLost = false

  beforeAll(async () => {
    const repository = join(directory, 'repository')
    copyRepository(repository)
    const tarball = await pack(repository, 'orchestra')
    lab = await startLab({ hosts: ['web1', 'web2', 'desk'], diskMegabytes: 768 })
    reader = new Reader(lab, tarball)
  })

  afterAll(async () => {
    await reader.close()
    await lab.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  test.each(sections)(
    '$title: what is written there works, and shows what it says',
    { timeout: 120_000 },
    async ({ blocks }) => {
      expect(isLost, 'an earlier section failed').toBe(false)
      onTestFailed(() => {
        isLost = true
      })
      for (const block of blocks) await reader.follow(block)
    },
  )
})

test('what a tutorial shows is compared line by line, but for times and what it leaves out', () => {
  const printed = masked('12:00:01  a b\nfirst   in 12 ms\nmore\nlast: x y\n')
  expect(printed).toMatch(patternOf('12:00:00  a b\nfirst in 3.1 s\n'))
  expect(printed).toMatch(patternOf('first in 3.1 s\n...\nlast: …\n'))
  expect(printed).not.toMatch(patternOf('first in 3.1 s\nlast: …\n'))
  expect(printed).not.toMatch(patternOf('irst in 3.1 s\n'))
})

import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const tested = globSync('packages/libraries/test/migrations/*.ts', { cwd: root }).map(read)

test('the code of docs/migration-tools.md is code that the tests run', () => {
  const blocks = [...read('docs/migration-tools.md').matchAll(/^```ts\n([\s\S]*?)^```/gm)]
  expect(blocks).not.toEqual([])
  for (const [, code = ''] of blocks)
    expect(
      tested.some((text) => text.includes(code)),
      code,
    ).toBe(true)
})

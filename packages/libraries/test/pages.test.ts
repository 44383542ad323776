import { globSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const pages = globSync('docs/libraries/*.md', { cwd: root })
const sources = globSync('packages/libraries/src/**/*.ts', { cwd: root })

const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The code of all applications that the tests run, also as it reads when it is taken out of a function. */
const tested = sources
  .map(read)
  .flatMap((text) => [0, 2, 4, 6, 8, 10].map((indent) => takenOut(text, indent)))

function takenOut(text: string, indent: number): string {
  return text.replace(new RegExp(`^ {${indent}}`, 'gm'), '')
}

test.each(pages)('the code of %s is code that the tests run', (page) => {
  const blocks = [...read(page).matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code)
  expect(blocks).toHaveLength(read(page).split('```ts').length - 1)
  expect(blocks).not.toEqual([])
  expect(blocks.filter((block) => !tested.some((text) => text.includes(block)))).toEqual([])
})

test('every library that is tested has its page', () => {
  const named = pages.flatMap((page) => [...read(page).matchAll(/packages\/libraries\/src\/([\w-]+)\.ts/g)])
  const tests = globSync('packages/libraries/test/*.test.ts', { cwd: root })
    .filter((path) => /^testLibrary\(/m.test(read(path)))
    .map((path) => basename(path, '.test.ts'))
  expect(named.map(([, name]) => name)).toEqual(expect.arrayContaining(tests))
})

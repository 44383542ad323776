import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')
const contributing = readFileSync(join(import.meta.dirname, '../../../CONTRIBUTING.md'), 'utf8')

/** Folders in the order of the table: each may use those before it. */
const order = contributing
  .split('\n')
  .filter((line) => /^\| `(packages\/orchestra\/src|\.\.\.)\//.test(line))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/\/(\w+)`/g)].map(([, name]) => name ?? ''))

const files = globSync('**/*.ts', { cwd: source })
const imported = /(?:from|import\()\s*'(\.[^']+)'|^import '(\.[^']+)'/gm

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  return [...text.matchAll(imported)].map(([, from, alone]) =>
    normalize(join(dirname(file), from ?? alone ?? '')),
  )
}

/** The folder of a file; of one that is in none, its own name. */
function folderOf(file: string): string {
  return file.split('/')[0] ?? file
}

test('CONTRIBUTING tells of every folder', () => {
  const folders = new Set(files.filter((file) => file.includes('/')).map(folderOf))
  expect(order.toSorted()).toEqual([...folders].toSorted())
})

test('each folder uses only those above it', () => {
  const ranks = new Map(['errors.ts', 'options.ts', ...order].map((name, rank) => [name, rank]))
  const rankOf = (file: string) => ranks.get(folderOf(file)) ?? Number.POSITIVE_INFINITY
  const wrong = files
    .filter((file) => file.includes('/'))
    .flatMap((file) => importsOf(file).map((used) => ({ file, used })))
    .filter(({ file, used }) => rankOf(used) > rankOf(file))
  expect(wrong.map(({ file, used }) => `${file} uses ${used}`)).toEqual([])
})

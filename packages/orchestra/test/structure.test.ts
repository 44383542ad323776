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

/** What makes, opens, serves or takes away the place where verbs work: there a store is not ready, or goes. */
const besideVerbs = [
  'capture-tables',
  'completion-names',
  'doctor',
  'grants',
  'init',
  'live-events',
  'live-lines',
  'session',
  'store',
  'trouble-events',
  'uninstall',
  'up',
  'up-lock',
].map((name) => `cli/${name}.ts`)

const statement = /^import (?!type\b)([^']*?) from '(\.\.[^']+)'/gm

/** What a file imports to call it, and not only its types. */
function calledBy(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  return [...text.matchAll(statement)]
    .filter(([, names = '']) =>
      names
        .replace(/[{}]/g, '')
        .split(',')
        .some((name) => name.trim() !== '' && !name.trim().startsWith('type ')),
    )
    .map(([, , from = '']) => normalize(join(dirname(file), from)))
}

test('a command acts by verbs alone', () => {
  const faces = files.filter((file) => file.startsWith('cli/') && !besideVerbs.includes(file))
  const wrong = faces.flatMap((file) =>
    calledBy(file)
      .filter((used) => !['operate', 'errors.ts', 'options.ts'].includes(folderOf(used)))
      .map((used) => `${file} calls ${used}`),
  )
  expect(wrong).toEqual([])
  const known = new Set(files)
  expect(besideVerbs.filter((file) => !known.has(file))).toEqual([])
})

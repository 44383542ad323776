import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import {
  folderRulesPath,
  foldersInOrder,
  foldersThere,
  generateFolderRules,
} from '../../../docs/generate/folder-rules.ts'

test('CONTRIBUTING tells of every folder', () => {
  expect(foldersInOrder().toSorted()).toEqual(foldersThere().toSorted())
})

test('the linter keeps the order that CONTRIBUTING tells: `node docs/generate.ts` writes it', () => {
  expect(readFileSync(folderRulesPath, 'utf8')).toBe(generateFolderRules())
})

const source = join(import.meta.dirname, '../src')
const files = globSync('**/*.ts', { cwd: source })

/** The folder of a file; of one that is in none, its own name. */
function folderOf(file: string): string {
  return file.split('/')[0] ?? file
}

/** Words with one meaning each, and so with one type. */
const words = ['Verdict', 'Place', 'Difference', 'Selection', 'Counts', 'Cursor', 'Step', 'Page', 'Routing']
/** Declared a second time in what is being rewritten. */
const twice = new Map([
  ['Selection', 'recording/selection.ts'],
  ['Step', 'places/place.ts'],
  ['Routing', 'collector/decide.ts'],
])

test.each(words)('%s is declared once', (word) => {
  const declaration = new RegExp(`^(?:export )?(?:interface|type|class) ${word}\\b`, 'm')
  const homes = files
    .filter((file) => file !== twice.get(word))
    .filter((file) => declaration.test(readFileSync(join(source, file), 'utf8')))
  expect(homes).toHaveLength(1)
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

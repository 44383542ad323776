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

test.each(words)('%s is declared once', (word) => {
  const declaration = new RegExp(`^(?:export )?(?:interface|type|class) ${word}\\b`, 'm')
  const homes = files.filter((file) => declaration.test(readFileSync(join(source, file), 'utf8')))
  expect(homes).toHaveLength(1)
})

/** What opens the place where verbs work, and what is no answer to anybody: the worker with what it says, the server of the API, the first file, a shell's TAB. */
const besideVerbs = ['capture-tables', 'completion-names', 'init', 'serve', 'session', 'up', 'up-lock'].map(
  (name) => `cli/${name}.ts`,
)

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

/** What captures and reads the application's database, in one implementation; and what makes the tables. */
const sourceSide = /^(source|capture|store\/migrations)\//

/** Makes again what is gone of the store and of the source alike. */
const healing = 'capture/heal.ts'

test('nothing but the source names what it captures into', () => {
  const named = /\borchestra\.(change|asleep)\b/
  const wrong = files.filter(
    (file) => !sourceSide.test(file) && named.test(readFileSync(join(source, file), 'utf8')),
  )
  expect(wrong).toEqual([])
})

/** What migrations made of tables; the source has the changes, and the mark of what it has seen among the settings. */
function tablesOfStore(): Set<string> {
  const texts = globSync('store/migrations/*.ts', { cwd: source }).map((file) =>
    readFileSync(join(source, file), 'utf8'),
  )
  const tables = texts.flatMap((text) => [...text.matchAll(/create table orchestra\.(\w+)/g)])
  return new Set(tables.map(([, name = '']) => name).filter((name) => !['change', 'setting'].includes(name)))
}

test('the source names no table of the store, so that no statement joins the two', () => {
  const tables = tablesOfStore()
  expect(tables).toContain('placement')
  const wrong = files
    .filter((file) => /^(source|capture)\//.test(file) && file !== healing)
    .flatMap((file) =>
      [...readFileSync(join(source, file), 'utf8').matchAll(/\borchestra\.(\w+)/g)]
        .filter(([, name = '']) => tables.has(name))
        .map(([found]) => `${file} names ${found}`),
    )
  expect(wrong).toEqual([])
  expect(files).toContain(healing)
})

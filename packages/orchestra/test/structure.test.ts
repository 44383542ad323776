import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
  const source = join(import.meta.dirname, '../src')
  const homes = globSync('**/*.ts', { cwd: source })
    .filter((file) => file !== twice.get(word))
    .filter((file) => declaration.test(readFileSync(join(source, file), 'utf8')))
  expect(homes).toHaveLength(1)
})

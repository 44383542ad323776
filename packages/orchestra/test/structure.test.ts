import { readFileSync } from 'node:fs'
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

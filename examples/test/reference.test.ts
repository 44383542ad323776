import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generateReference, referencePath } from '../../docs/generate.ts'

test('docs/reference.md is what docs/generate.ts makes of the code', () => {
  expect(readFileSync(referencePath, 'utf8'), 'run `node docs/generate.ts`').toBe(generateReference())
})

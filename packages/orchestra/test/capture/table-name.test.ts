import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTableName, quoteTableName } from '../../src/capture/index.ts'

test.each([
  ['site', { schema: undefined, name: 'site' }],
  ['Panel.Site', { schema: 'Panel', name: 'Site' }],
  ['"a.b"."c ""d"""', { schema: 'a.b', name: 'c "d"' }],
  ['', undefined],
  ['a.b.c', undefined],
  ['.a', undefined],
  ['a.', undefined],
  ['"a"b', undefined],
])('%j is read as %j', (text, name) => {
  expect(parseTableName(text)).toEqual(name)
})

test('a quoted name is read as what it was made of', () => {
  const part = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'))
  const names = fc.record({ schema: fc.option(part, { nil: undefined }), name: part })
  fc.assert(
    fc.property(names, (name) => {
      expect(parseTableName(quoteTableName(name))).toEqual(name)
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asStored } from '../../src/sync/index.ts'
import { describeStores } from '../support/stores.ts'

describeStores('a snapshot as it will be stored', (open) => {
  it('has its names in the order in which the database gives them back', async () => {
    const store = await open()
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
        const text = JSON.stringify(value)
        fc.pre(!text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text) && !text.includes('e'))
        const [row] = await store.query<{ value: unknown }>('select $1::jsonb as value', [text])
        expect(JSON.stringify(asStored(value))).toBe(JSON.stringify(row?.value))
      }),
      { numRuns: 200 },
    )
  })
})

describe('a snapshot', () => {
  it('that is nothing stays nothing', () => expect(asStored(undefined)).toBeNull())
})

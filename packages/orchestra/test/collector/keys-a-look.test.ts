import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keysOfNextLook, MOST_KEYS } from '../../src/collector/keys-a-look.ts'

test('a look takes fewer objects the more servers each goes to, and never none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: MOST_KEYS }),
      fc.integer({ min: 1, max: 2_000 }),
      (keys, servers) => {
        const next = keysOfNextLook(keys, keys * servers)
        expect(next).toBeGreaterThanOrEqual(100)
        expect(next).toBeLessThanOrEqual(MOST_KEYS)
        if (next > 100) expect(next * servers).toBeLessThanOrEqual(50_000)
      },
    ),
  )
})

test('what concerns nobody is taken as fast as it can be', () => {
  expect(keysOfNextLook(0, 0)).toBe(MOST_KEYS)
  expect(keysOfNextLook(1_000, 0)).toBe(MOST_KEYS)
})

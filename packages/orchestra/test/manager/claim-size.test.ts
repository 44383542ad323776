import { expect, test } from 'vitest'
import { claimSize } from '../../src/manager/claim-size.ts'

const together = (lanes: number) => lanes * claimSize(lanes, false)

test('all lanes of a worker have claimed about as much as one alone may', () => {
  expect(together(1)).toBe(10_000)
  for (let lanes = 2; lanes <= 10; lanes++) expect(together(lanes)).toBeLessThanOrEqual(10_000)
})

test('a claim is worth a script, however many lanes there are', () => {
  expect(claimSize(0, false)).toBe(10_000)
  expect(claimSize(1_000, false)).toBe(1_000)
})

test('a lane that others wait for takes little', () => {
  expect(claimSize(1, true)).toBe(1_000)
})

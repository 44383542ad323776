import { expect, test } from 'vitest'
import { shareOf } from '../../src/collector/share.ts'
import type { Waiting } from '../../src/collector/taking.ts'

/** As capture writes a bulk change: so many keys a change. */
function bulk(sizes: readonly number[]): Waiting['changes'] {
  return sizes.map((size, nth) => ({
    id: nth + 1,
    unitId: 'unit',
    actor: null,
    source: null,
    login: null,
    at: new Date(0),
    model: 'page',
    action: 'save',
    keys: Array.from({ length: size }, (_, key) => [`${nth} ${key}`]),
    payload: null,
    scope: null,
  }))
}

const taken = (sizes: readonly number[], deciders: number) =>
  shareOf({ changes: bulk(sizes), failures: [] }, deciders).changes.map(({ id }) => id)

test('who decides alone takes all that it may', () => {
  expect(taken([1_000, 1_000, 500], 1)).toEqual([1, 2, 3])
})

test('who decides beside others takes the oldest, and leaves each of them as much', () => {
  expect(taken([1_000, 1_000, 1_000, 1_000, 1_000, 1_000], 2)).toEqual([1, 2, 3])
  expect(taken([1_000, 1_000, 1_000, 1_000, 1_000, 1_000], 3)).toEqual([1, 2])
})

test('what is little is left to nobody', () => {
  expect(taken([300, 300, 300, 100], 4)).toEqual([1, 2, 3, 4])
  expect(taken([1_000, 500], 9)).toEqual([1])
})

test('there is always something to take, however large it is', () => {
  expect(taken([20_000], 2)).toEqual([1])
  expect(taken([], 2)).toEqual([])
})

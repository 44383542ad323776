import { describe, expect, it } from 'vitest'
import { isOfAnother } from '../../src/collector/former.ts'
import type { Placed } from '../../src/collector/index.ts'
import { toSnapshot } from '../../src/collector/snapshot.ts'
import type { Backend } from '../../src/config/backend.ts'

const backend = { model: { incarnation: 'since' }, delete: () => undefined } as unknown as Backend

const isOther = (then: object, now: object, by: Backend = backend) =>
  isOfAnother(by, { snapshot: toSnapshot(then, {} as never) } as Placed, now as Record<string, unknown>)

describe('what stands is of another object', () => {
  it.each([
    ['texts', 'a', 'b'],
    ['numbers', 1, 2],
    ['whole numbers of any size', 2n ** 70n, 2n ** 70n + 1n],
    ['dates', new Date(1), new Date(2)],
  ])('where %s differ, and only there', (_what, one, other) => {
    expect(isOther({ since: one }, { since: other })).toBe(true)
    expect(isOther({ since: one }, { since: one })).toBe(false)
    expect(isOther({ since: one, $odd: 1 }, { since: other })).toBe(true)
  })

  it('is not said of what nobody noted, or nobody gives', () => {
    expect(isOther({}, { since: 1 })).toBe(false)
    expect(isOther({ since: null }, { since: 1 })).toBe(false)
    expect(isOther({ since: 1 }, { since: null })).toBe(false)
    expect(isOfAnother(backend, { snapshot: null } as Placed, { since: 1 })).toBe(false)
  })

  it('is not said where a number has become a bigger kind of number', () => {
    expect(isOther({ since: 1 }, { since: 1n })).toBe(false)
  })

  it('is not said where its backend could not remove it alone', () => {
    expect(isOther({ since: 1 }, { since: 2 }, { ...backend, delete: undefined } as Backend)).toBe(false)
    expect(isOther({ since: 1 }, { since: 2 }, { ...backend, sync: () => undefined } as never)).toBe(false)
  })
})

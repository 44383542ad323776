import { describe, expect, it } from 'vitest'
import { planRanges, rangeSize } from '../../src/store/range-plan.ts'

const day = { begunOn: '2026-01-01', today: '2026-01-01' }
const ready = [
  { first: 1, until: 10_001 },
  { first: 10_001, until: 20_001 },
  { first: 20_001, until: 30_001 },
]

describe('ranges', () => {
  it('stand ready ahead of the one that takes rows', () => {
    expect(planRanges({ next: 5, ranges: ready.slice(0, 1), ...day })).toEqual({
      make: ready.slice(1),
      goOnAt: null,
    })
    expect(planRanges({ next: 5, ranges: ready, ...day })).toEqual({ make: [], goOnAt: null })
  })

  it('begin on each day, as large as the day before needs', () => {
    const next = { next: 50, ranges: ready, begunOn: '2025-12-31', today: '2026-01-01' }
    expect(planRanges(next, 100_000)).toEqual({ make: [{ first: 30_001, until: 130_001 }], goOnAt: 10_001 })
  })

  it('go on where a clock went back, where nothing was written, and where so few numbers are left that others take them', () => {
    const goesOn = { make: [], goOnAt: null }
    expect(planRanges({ next: 50, ranges: ready, begunOn: '2026-01-02', today: '2026-01-01' })).toEqual(
      goesOn,
    )
    expect(planRanges({ next: 50, ranges: ready, begunOn: null, today: '2026-01-01' })).toEqual(goesOn)
    expect(planRanges({ next: 9_500, ranges: ready, begunOn: '2025-12-31', today: '2026-01-01' })).toEqual(
      goesOn,
    )
  })

  it('begin behind rows that had none', () => {
    const lost = { next: 35_000, ranges: ready, ...day }
    expect(planRanges(lost)).toEqual({
      make: [0, 1, 2].map((nth) => ({ first: 45_000 + nth * 10_000, until: 55_000 + nth * 10_000 })),
      goOnAt: 45_000,
    })
    expect(planRanges({ next: 7, ranges: [], ...day }).goOnAt).toBe(10_007)
  })

  it('hold about two days, within bounds', () => {
    expect([0, 4_000, 70_000, 4_000_000, 900_000_000].map(rangeSize)).toEqual([
      10_000, 10_000, 1_000_000, 10_000_000, 10_000_000,
    ])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deleteBound, exceedsBound, guardError } from '../../src/sync/index.ts'

const count = fc.nat({ max: 1_000_000 })

describe('the guard', () => {
  it('stops what is more than ten and more than a tenth, and nothing else', () => {
    fc.assert(
      fc.property(count, count, (deletes, placements) => {
        expect(exceedsBound({ deletes, placements, isReplaced: false }, null)).toBe(
          deletes > 10 && deletes > placements / 10,
        )
      }),
    )
  })

  it('stops what is more than a tenth, however few, of a model whose table is another than it was', () => {
    fc.assert(
      fc.property(count, count, (deletes, placements) => {
        expect(exceedsBound({ deletes, placements, isReplaced: true }, null)).toBe(
          deletes > Math.floor(placements / 10),
        )
      }),
    )
  })

  it('lets through what somebody allowed, however much that is', () => {
    fc.assert(
      fc.property(count, count, count, fc.boolean(), (deletes, placements, allowed, isReplaced) => {
        expect(exceedsBound({ deletes, placements, isReplaced }, allowed)).toBe(deletes > allowed)
      }),
    )
  })

  it('never shrinks as more is placed', () => {
    fc.assert(
      fc.property(count, count, (one, more) => {
        expect(deleteBound(one + more)).toBeGreaterThanOrEqual(deleteBound(one))
      }),
    )
  })

  it('says what would go, from where, and how to allow it', () => {
    const error = guardError([
      {
        backend: 'sites',
        server: 'web1',
        deletes: 40,
        placements: 80,
        objects: ['site:1', 'site:2'],
        isReplaced: false,
      },
      {
        backend: 'zones',
        server: 'ns1',
        deletes: 90,
        placements: 0,
        objects: ['zone:1'],
        isReplaced: false,
      },
    ])
    expect(error.code).toBe('ORC_GUARD')
    expect(error.message).toBe(
      '40 of 80 objects (50 %) of sites would be removed from web1: site:1, site:2 and others; ' +
        '90 of 0 objects (100 %) of zones would be removed from ns1: zone:1 and others',
    )
    expect(error.hint).toContain('--allow-deletes 90')
  })
})

import { describe, expect, it } from 'vitest'
import { planRetention, type RangeFacts } from '../../src/logs/retention-plan.ts'

const range = (first: number, facts: Partial<RangeFacts> = {}): RangeFacts => ({
  first,
  until: first + 10,
  kept: 0,
  keptBytes: 0,
  expired: 500,
  age: 'old',
  state: 'closed',
  isOverdue: false,
  ...facts,
})
const many = { kept: 300, keptBytes: 1_000 }

describe('ranges of logs', () => {
  it('that are old are replaced by what is kept of them', () => {
    const facts = [range(10, many), range(20, { ...many, expired: 0 }), range(30, { ...many, kept: 501 })]
    expect(planRetention(facts)).toEqual({ replace: [{ first: 10, until: 20 }], wait: [] })
  })

  it('with little to keep are put together, also over a gap', () => {
    const facts = [range(10, { kept: 3, expired: 0 }), range(20, { kept: 2 }), range(40)]
    expect(planRetention(facts).replace).toEqual([{ first: 10, until: 50 }])
    const large = { kept: 3, keptBytes: 10 * 1024 * 1024 }
    expect(planRetention([range(10, { ...large, expired: 0 }), range(20, large)]).replace).toEqual([
      { first: 20, until: 30 },
    ])
  })

  it('that are old in part wait for a day, and not longer', () => {
    const young = { age: 'young', kept: 7 } as const
    expect(planRetention([range(10, young)])).toEqual({ replace: [], wait: [{ first: 10, until: 20 }] })
    expect(planRetention([range(10, { ...young, isOverdue: true })])).toEqual({ replace: [], wait: [] })
  })

  it('that are written to are never replaced, nor put together over', () => {
    const facts = [range(10, { kept: 1 }), range(20, { state: 'open', isOverdue: true }), range(30)]
    expect(planRetention(facts)).toEqual({
      replace: [
        { first: 10, until: 20 },
        { first: 30, until: 40 },
      ],
      wait: [],
    })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contestedNames, sparingTaken, vacatingFirst } from '../../src/recording/renaming.ts'

/** Objects that stand under names of their own and get other names, each again its own. */
const renames = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1 }),
    fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], { minLength: 6, maxLength: 6 }),
  )
  .map(([before, after]) =>
    before.map((identity, index) => {
      const wanted = after[index] ?? identity
      const previous = wanted === identity ? [] : [{ identity, snapshot: {} }]
      return { id: index, identity: wanted, previous, was: identity }
    }),
  )

/** What stands where when each object removes its former names and then writes its own. */
function replay(
  operations: readonly { id: number; identity: string; previous: readonly { identity: string }[] }[],
) {
  const names = new Map<string, number>()
  for (const { id, identity, previous } of operations) {
    for (const former of previous) names.delete(former.identity)
    names.set(identity, id)
  }
  return names
}

describe('renames of one script', () => {
  it('end with every object under its own name and nothing else, in chains and circles', () => {
    fc.assert(
      fc.property(renames, (operations) => {
        const names = replay(sparingTaken(vacatingFirst(operations)))
        expect(names).toEqual(new Map(operations.map(({ identity, id }) => [identity, id])))
      }),
    )
  })

  it('keep all operations, and their order where no name is passed on', () => {
    fc.assert(
      fc.property(renames, (operations) => {
        const ordered = vacatingFirst(operations)
        expect(new Set(ordered)).toEqual(new Set(operations))
        if (contestedNames(operations).size === 0) expect(ordered).toEqual(operations)
      }),
    )
  })

  it('know the names that one gives up and another takes', () => {
    fc.assert(
      fc.property(renames, (operations) => {
        const wanted = operations.map(({ identity }) => identity)
        const passed = operations.filter((one) => one.previous.length > 0 && wanted.includes(one.was))
        expect(contestedNames(operations)).toEqual(new Set(passed.map(({ was }) => was)))
      }),
    )
  })
})

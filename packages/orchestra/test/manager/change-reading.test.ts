import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterLook, type ChangeReading, movementOf, type Watched } from '../../src/manager/change-reading.ts'

/** A database in which writers take a number, may ask then whether somebody sleeps, and commit. */
class Numbers {
  #next = 1n
  #last = 0
  readonly #open = new Map<bigint, number>()
  readonly committed = new Set<number>()

  begin(): void {
    this.#open.set(this.#next++, ++this.#last)
  }

  commit(pick: number): void {
    const id = [...this.#open.keys()].sort()[pick % Math.max(1, this.#open.size)]
    if (id === undefined) return
    this.committed.add(this.#open.get(id) ?? 0)
    this.#open.delete(id)
  }

  read(): ChangeReading {
    const oldest = [...this.#open.keys()].reduce((one, other) => (one < other ? one : other), this.#next)
    return { last: this.#last === 0 ? null : this.#last, oldest, next: this.#next, isAnnounced: true }
  }
}

const step = fc.oneof(
  fc.constant({ kind: 'begin' as const, pick: 0 }),
  fc.record({ kind: fc.constant('commit' as const), pick: fc.nat(9) }),
  fc.constant({ kind: 'watch' as const, pick: 0 }),
)

describe('watching the numbers of changes', () => {
  it('calls nothing quiet of which a committed change was not seen', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const numbers = new Numbers()
        const seen = new Set<number>()
        let watched: Watched | undefined
        for (const { kind, pick } of steps) {
          if (kind === 'begin') numbers.begin()
          else if (kind === 'commit') numbers.commit(pick)
          else {
            const reading = numbers.read()
            const movement = movementOf(watched, reading)
            if (movement === 'quiet')
              expect([...numbers.committed].filter((one) => !seen.has(one))).toEqual([])
            else {
              for (const one of numbers.committed) seen.add(one)
              watched = afterLook(watched, reading, movement)
            }
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('is quiet after one look when nobody writes, and after two when somebody did and has ended', () => {
    const numbers = new Numbers()
    let reading = numbers.read()
    let watched = afterLook(undefined, reading, movementOf(undefined, reading))
    expect(movementOf(watched, numbers.read())).toBe('quiet')
    numbers.begin()
    reading = numbers.read()
    watched = afterLook(watched, reading, movementOf(watched, reading))
    expect(movementOf(watched, numbers.read())).toBe('open')
    numbers.commit(0)
    reading = numbers.read()
    expect(movementOf(watched, reading)).toBe('ended')
    expect(movementOf(afterLook(watched, reading, 'ended'), numbers.read())).toBe('quiet')
  })
})

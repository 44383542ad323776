import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DrainEntry,
  drainOrder,
  findCircle,
  type Ordered,
  topologicalOrder,
} from '../../src/config/order.ts'

/** Backends b0, b1, ... where each comes after some of the earlier ones, given in any order. */
const backendSets = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 8 })
  .map((picks) =>
    picks.map((pick, index) => ({
      name: `b${index}`,
      after: index === 0 ? [] : [...new Set(pick.map((number) => `b${number % index}`))],
    })),
  )
const shuffled = backendSets.chain((set) => fc.shuffledSubarray(set, { minLength: set.length }))

describe('topologicalOrder', () => {
  it('puts every backend behind all it comes after, and loses none', () => {
    fc.assert(
      fc.property(shuffled, (backends) => {
        const order = topologicalOrder(backends)
        expect([...order].sort()).toEqual(backends.map(({ name }) => name).sort())
        for (const { name, after } of backends) {
          for (const before of after) expect(order.indexOf(before)).toBeLessThan(order.indexOf(name))
        }
      }),
    )
  })

  it('keeps the given order where nothing asks for another', () => {
    expect(topologicalOrder([{ name: 'c' }, { name: 'a' }, { name: 'b' }])).toEqual(['c', 'a', 'b'])
  })
})

describe('findCircle', () => {
  it('finds none where there is none', () => {
    fc.assert(fc.property(shuffled, (backends) => findCircle(backends) === undefined))
  })

  it('answers the way around, ending where it began', () => {
    const backends = [
      { name: 'outside', after: ['a'] },
      { name: 'a', after: ['c'] },
      { name: 'b', after: ['a'] },
      { name: 'c', after: ['b'] },
    ]
    expect(findCircle(backends)).toEqual(['a', 'c', 'b', 'a'])
  })

  it('finds a backend that comes after itself', () => {
    expect(findCircle([{ name: 'a', after: ['a'] }])).toEqual(['a', 'a'])
  })
})

describe('drainOrder', () => {
  const site: Ordered[] = [{ name: 'user' }, { name: 'site', after: ['user'] }]
  const both = { saves: true, deletes: true }

  it('saves what comes after something behind it', () => {
    const entries = site.map(({ name }) => ({ backend: name, saves: true, deletes: false }))
    expect(drainOrder(site, entries)).toEqual([
      { backend: 'user', actions: 'save' },
      { backend: 'site', actions: 'save' },
    ])
  })

  it('deletes what comes after something before it', () => {
    const entries = site.map(({ name }) => ({ backend: name, saves: false, deletes: true }))
    expect(drainOrder(site, entries)).toEqual([
      { backend: 'site', actions: 'delete' },
      { backend: 'user', actions: 'delete' },
    ])
  })

  it('splits a backend whose deletes must run before those of what it comes after', () => {
    const entries = site.map(({ name }) => ({ backend: name, ...both }))
    expect(drainOrder(site, entries)).toEqual([
      { backend: 'site', actions: 'delete' },
      { backend: 'user', actions: 'both' },
      { backend: 'site', actions: 'save' },
    ])
  })

  it('needs one script for a backend where nothing it comes after deletes', () => {
    const entries = [
      { backend: 'user', saves: true, deletes: false },
      { backend: 'site', ...both },
    ]
    expect(drainOrder(site, entries)).toEqual([
      { backend: 'user', actions: 'save' },
      { backend: 'site', actions: 'both' },
    ])
  })

  it('keeps every constraint of `after`, runs everything once, and splits only where it must', () => {
    fc.assert(
      fc.property(drains, ({ backends, entries }) => checkDrain(backends, entries)),
      { numRuns: 300 },
    )
  })
})

const drains = shuffled.chain((set) => {
  const backends = topologicalOrder(set).flatMap((name) => set.find((backend) => backend.name === name) ?? [])
  const entry = fc.record({ saves: fc.boolean(), deletes: fc.boolean() })
  return fc
    .array(entry, { minLength: backends.length, maxLength: backends.length })
    .map((work) =>
      backends.map(({ name }, index) => ({
        backend: name,
        ...(work[index] ?? { saves: true, deletes: true }),
      })),
    )
    .map((entries) => ({ backends, entries }))
})

function checkDrain(backends: readonly Ordered[], entries: readonly DrainEntry[]): void {
  const scripts = drainOrder(backends, entries)
  // Within one script deletes run first, so a step is twice the script's place plus one for its saves.
  const stepsOf = (backend: string, action: 'save' | 'delete') =>
    scripts.flatMap((script, index) =>
      script.backend === backend && (script.actions === 'both' || script.actions === action)
        ? [2 * index + (action === 'save' ? 1 : 0)]
        : [],
    )
  for (const { backend, saves, deletes } of entries) {
    const [save = Number.POSITIVE_INFINITY] = stepsOf(backend, 'save')
    const [remove = Number.NEGATIVE_INFINITY] = stepsOf(backend, 'delete')
    expect(stepsOf(backend, 'save')).toHaveLength(saves ? 1 : 0)
    expect(stepsOf(backend, 'delete')).toHaveLength(deletes ? 1 : 0)
    expect(remove).toBeLessThan(save)
    for (const before of ancestorsOf(backend, backends)) {
      for (const step of stepsOf(before, 'save')) expect(step).toBeLessThan(save)
      for (const step of stepsOf(before, 'delete')) {
        expect(remove).toBeLessThan(step)
        expect(step).toBeLessThan(save)
      }
    }
    const mustSplit = ancestorsOf(backend, backends).some((name) => stepsOf(name, 'delete').length > 0)
    const count = scripts.filter((script) => script.backend === backend).length
    expect(count).toBe(saves && deletes && mustSplit ? 2 : saves || deletes ? 1 : 0)
  }
}

function ancestorsOf(name: string, backends: readonly Ordered[]): string[] {
  const direct = backends.find((backend) => backend.name === name)?.after ?? []
  return [...new Set(direct.flatMap((before) => [before, ...ancestorsOf(before, backends)]))]
}

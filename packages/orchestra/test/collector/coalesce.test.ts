import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coalesce } from '../../src/collector/index.ts'
import { formatKey, formatObject, parseKey, parseObject } from '../../src/config/key.ts'
import type { Change } from '../../src/source/index.ts'

const change = fc.record<Change>({
  unitId: fc.constantFrom('u1', 'u2', 'u3'),
  model: fc.constantFrom('site', 'user'),
  action: fc.constantFrom('save', 'delete', 'restart'),
  keys: fc.array(fc.constantFrom(['1'], ['2'], ['1,2'], ['1', '2']), { minLength: 1, maxLength: 3 }),
  payload: fc.constantFrom(null, { a: 1 }),
  scope: fc.constant(null),
})
const changes = fc.array(change, { maxLength: 20 })

const family = (action: string) => (action === 'delete' ? 'save' : action)
const nameOf = (one: { model: string; action: string }, key: readonly string[]) =>
  `${family(one.action)} ${formatObject(one.model, key)}`

describe('coalescing', () => {
  it('wants each object once, saves and deletes together, every other action by itself', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const names = coalesce(all).map((one) => nameOf(one, one.key))
        const expected = new Set(all.flatMap((one) => one.keys.map((key) => nameOf(one, key))))
        expect(names).toHaveLength(expected.size)
        expect(new Set(names)).toEqual(expected)
      }),
    )
  })

  it('keeps the newest action and payload', () => {
    fc.assert(
      fc.property(changes, (all) => {
        for (const one of coalesce(all)) {
          const name = nameOf(one, one.key)
          const last = all.findLast((each) => each.keys.some((key) => nameOf(each, key) === name))
          expect([one.action, one.payload]).toEqual([last?.action, last?.payload])
        }
      }),
    )
  })

  it('names every unit that asked, once', () => {
    fc.assert(
      fc.property(changes, (all) => {
        for (const one of coalesce(all)) {
          const name = nameOf(one, one.key)
          const units = all.filter((each) => each.keys.some((key) => nameOf(each, key) === name))
          expect(one.unitIds).toEqual([...new Set(units.map((each) => each.unitId))])
        }
      }),
    )
  })

  it('wants nothing more when the same changes come again', () => {
    fc.assert(
      fc.property(changes, (all) => {
        expect(coalesce([...all, ...all])).toHaveLength(coalesce(all).length)
      }),
    )
  })
})

describe('looks at single places', () => {
  const scoped = change.chain((one) =>
    fc.record<Change>({
      unitId: fc.constant(one.unitId),
      model: fc.constant(one.model),
      action: fc.constant('save'),
      keys: fc.constant(one.keys),
      payload: fc.constant(null),
      scope: fc.constantFrom(null, { backend: 'a', serverId: 1 }, { backend: 'a', serverId: 2 }),
    }),
  )

  it('stay apart, and are part of a look at all places', () => {
    fc.assert(
      fc.property(fc.array(scoped, { maxLength: 20 }), (all) => {
        for (const one of coalesce(all)) {
          const own = all.filter((each) =>
            each.keys.some((key) => nameOf(each, key) === nameOf(one, one.key)),
          )
          const everywhere = own.some((each) => each.scope === null)
          expect(one.scope === null).toBe(everywhere)
          const asked = everywhere ? own : own.filter((each) => each.scope?.serverId === one.scope?.serverId)
          expect(new Set(one.unitIds)).toEqual(new Set(asked.map((each) => each.unitId)))
        }
      }),
    )
  })
})

describe('a key', () => {
  const key = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 })

  it('is read back from its text, whatever its parts hold', () => {
    fc.assert(
      fc.property(key, (parts) => {
        expect(parseKey(formatKey(parts))).toEqual(parts)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.constantFrom(',', '\\', 'a', '')), (parts) => {
        const some = parts.length === 0 ? [''] : parts
        expect(parseKey(formatKey(some))).toEqual(some)
      }),
    )
  })

  it('is read back from the name of its object', () => {
    fc.assert(
      fc.property(key, (parts) => {
        expect(parseObject(formatObject('site', parts))).toEqual({ model: 'site', key: parts })
      }),
    )
  })
})

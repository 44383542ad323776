import { expect, test } from 'vitest'
import {
  abandoned,
  adopt,
  begin,
  chainOf,
  forget,
  forgetAtOnce,
  intend,
  type Place,
} from '../../src/places/index.ts'

const rules = { onMove: 'remove', onRename: 'move', onCircle: 'turn' } as const

function wanted(object: string, identity: string, generation: number, before: readonly Place[] = []): Place {
  const want = { kind: 'stand', identity, revision: `${generation}`, incarnation: 0 } as const
  const [place] = intend(object, before, new Map([['s1', want]]), rules, generation)
  if (place === undefined) throw new Error('nothing is wanted')
  return place
}

function standing(object: string, identity: string, generation: number): Place {
  const place = wanted(object, identity, generation)
  const names = [{ identity, state: 'stands', incarnation: 0 }] as const
  return { ...place, names, stands: { generation, identity }, data: 'own' }
}

const make = { do: 'make', identity: 'x', incarnation: 0, over: null } as const

test('what is forgotten is gone at once, or when the run that is at it is settled', () => {
  expect(forget(standing('a', 'x', 1))).toEqual([])
  expect(forget(begin(wanted('a', 'x', 1), make, 7))).toMatchObject([
    { isForgotten: true, trying: { run: 7 } },
  ])
  expect(forgetAtOnce(begin(wanted('a', 'x', 1), make, 7))).toEqual([])
})

test('a run that is abandoned leaves everything as it was', () => {
  const place = wanted('a', 'x', 1)
  expect(abandoned(begin(place, make, 7))).toEqual(place)
  expect(abandoned(place)).toBe(place)
})

test('what stands already is adopted where it is wanted and nothing is known of it', () => {
  const place = wanted('a', 'x', 3)
  expect(adopt(place, 'x', 'as wanted')).toMatchObject({
    stands: { generation: 3, identity: 'x' },
    names: [{ identity: 'x', state: 'stands' }],
    data: 'own',
  })
  expect(adopt(place, 'x', 'otherwise')).toMatchObject({ stands: null, names: [{ identity: 'x' }] })
  expect(adopt(standing('a', 'x', 3), 'x', 'as wanted')).toBeNull()
  expect(adopt(begin(place, make, 7), 'x', 'as wanted')).toBeNull()
  expect(adopt({ ...place, want: { kind: 'leave', policy: 'remove' } }, 'x', 'as wanted')).toBeNull()
})

test('who waits for a name is told of the last in the chain, and whether that one was cancelled', () => {
  const holder = standing('c', 'z', 1)
  const middle = wanted('b', 'z', 3, [standing('b', 'y', 2)])
  const place = wanted('a', 'y', 4)
  const around = { siblings: [], rivals: [middle, holder] }
  expect(chainOf(place, around, rules, 0)).toEqual({ root: 'c', isStuck: false })
  expect(chainOf(middle, { siblings: [], rivals: [place, holder] }, rules, 0)).toEqual({
    root: null,
    isStuck: false,
  })
  const stopped = { ...wanted('c', 'w', 5, [holder]), stopped: 5 }
  expect(chainOf(place, { siblings: [], rivals: [middle, stopped] }, rules, 0)).toEqual({
    root: 'c',
    isStuck: true,
  })
})

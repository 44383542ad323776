import { afterAll, describe, expect, test } from 'vitest'
import * as places from '../../src/places/index.ts'
import type { Engine } from './model/engine.ts'
import { explore } from './model/explore.ts'
import type { Bounds } from './model/world.ts'

/** What happens at most: objects, servers, names, then changes, faults (a block that fails or a worker that dies), acts of persons. */
type Size = readonly [number, number, number, number, number, number]

type Variant = 'keys are reused' | 'nothing goes round'

const models: readonly [Bounds['rules']['onMove'], Bounds['rules']['onRename'], Size, Variant?][] = [
  ['remove', 'move', [2, 1, 2, 4, 1, 1]],
  ['remove', 'replace', [2, 1, 2, 4, 1, 0]],
  ['remove', 'replace', [2, 1, 2, 4, 0, 1]],
  ['remove', 'refuse', [2, 1, 2, 4, 0, 1]],
  ['remove', 'replace', [2, 1, 3, 4, 0, 0]],
  ['remove', 'move', [3, 1, 3, 4, 0, 0]],
  ['keep', 'keep', [2, 1, 2, 4, 1, 0]],
  ['keep', 'keep', [2, 1, 2, 4, 0, 1]],
  ['keep', 'move', [2, 1, 2, 4, 1, 0]],
  ['keep', 'move', [1, 2, 2, 3, 0, 1]],
  ['migrate', 'move', [1, 2, 2, 3, 1, 0]],
  ['migrate', 'move', [1, 2, 2, 3, 0, 1]],
  ['migrate', 'move', [1, 2, 1, 3, 2, 0]],
  ['migrate', 'move', [2, 2, 2, 3, 0, 0]],
  ['migrate', 'move', [2, 1, 2, 4, 1, 0]],
  ['migrate', 'move', [1, 2, 1, 3, 1, 0], 'keys are reused'],
  ['remove', 'move', [2, 1, 3, 4, 0, 0], 'nothing goes round'],
]

function boundsOf([onMove, onRename, size, variant]: (typeof models)[number]): Bounds {
  const [objects, servers, names, changes, faults, persons] = size
  return {
    objects: ['a', 'b', 'c'].slice(0, objects),
    servers: ['s1', 's2'].slice(0, servers),
    names: ['x', 'y', 'z'].slice(0, names),
    changes,
    faults,
    persons,
    reuse: variant === 'keys are reused',
    rules: { onMove, onRename, onCircle: circling(onRename, variant) },
  }
}

function circling(onRename: Bounds['rules']['onRename'], variant: Variant | undefined) {
  if (onRename !== 'move') return 'turn'
  return variant === 'nothing goes round' ? 'ask' : 'park'
}

let states = 0

afterAll(() => console.log(`places: ${states.toLocaleString('en')} states in which every promise holds`))

describe('in every state that can be reached, and in calm afterwards, the promises hold', () => {
  test.each(models)('move: %s, rename: %s, %j, %s', { timeout: 300_000 }, (...model) => {
    const explored = explore(boundsOf(model), places)
    states += explored.states
    expect(explored.broken).toBeNull()
    expect(explored.states).toBeGreaterThan(1_000)
  })
})

/** One rule changed, and a model in which that shows. */
const broken: Record<string, [Partial<Engine>, (typeof models)[number]]> = {
  'names of other objects are not looked at': [
    { next: (place, { siblings }, ...rest) => places.next(place, { siblings, rivals: [] }, ...rest) },
    ['remove', 'move', [2, 1, 2, 2, 0, 0]],
  ],
  'an old copy goes before the new one stands': [
    { next: (place, { rivals }, ...rest) => places.next(place, { siblings: [], rivals }, ...rest) },
    ['remove', 'move', [1, 2, 1, 2, 0, 0]],
  ],
  'what failed has made nothing': [
    {
      end: (place, run, ended, ...rest) =>
        places.end(place, run, ended.kind === 'failed' ? { kind: 'untouched' } : ended, ...rest),
    },
    ['remove', 'move', [1, 1, 1, 2, 1, 0]],
  ],
  'what was not reached is done': [
    {
      end: (place, run, ended, ...rest) =>
        places.end(place, run, ended.kind === 'untouched' ? { kind: 'done' } : ended, ...rest),
    },
    ['remove', 'move', [1, 1, 1, 2, 1, 0]],
  ],
  'a name that is tried is not written down': [
    { begin: (place, step, run) => ({ ...places.begin(place, step, run), names: place.names }) },
    ['remove', 'move', [1, 1, 1, 2, 1, 0]],
  ],
  'an object makes room and counts as what is wanted': [
    {
      next: (...asked) => {
        const next = places.next(...asked)
        return next.do === 'park' ? { ...next, do: 'make', over: null } : next
      },
    },
    ['remove', 'move', [2, 1, 2, 4, 0, 0]],
  ],
  'a step in a circle goes alone': [
    {
      next: (...asked) => {
        const next = places.next(...asked)
        return next.do === 'rename' ? { ...next, circle: [] } : next
      },
    },
    ['remove', 'replace', [2, 1, 2, 4, 0, 0]],
  ],
  'data counts where it arrived, whatever is wanted by then': [
    {
      received: (target, source) =>
        source === undefined
          ? { target }
          : { target: { ...target, data: 'own' }, source: { ...source, data: 'gone' } },
    },
    ['migrate', 'move', [1, 2, 1, 3, 0, 0]],
  ],
  'a copy never comes to have data of its own': [
    { owned: (all) => [...all] },
    ['migrate', 'move', [1, 2, 1, 3, 0, 0]],
  ],
  'decisions are counted anew where nothing is left': [
    {
      decide: (object, all, decision, rules, generation) =>
        places.decide(object, all, decision, rules, all.length === 0 ? 1 : generation),
    },
    ['remove', 'move', [1, 1, 1, 3, 0, 0]],
  ],
  'a protected copy goes': [
    {
      next: (place, around, ...rest) => places.next({ ...place, isProtected: false }, around, ...rest),
    },
    ['remove', 'move', [1, 1, 1, 2, 0, 1]],
  ],
  'what is given up while a run is at it is forgotten at once': [
    { forget: () => [] },
    ['remove', 'move', [1, 1, 1, 1, 0, 1]],
  ],
}

test.each(Object.entries(broken))('a broken rule is found: %s', (_, [change, model]) => {
  const { broken: found } = explore(boundsOf(model), { ...places, ...change })
  expect(found?.promise).toEqual(expect.any(String))
  expect(found?.path.length).toBeLessThan(20)
})

import { expect, test } from 'vitest'
import { missedBy } from '../../src/generation/duties.ts'
import { type Duties, dutiesOf, type Generation } from '../../src/generation/index.ts'

function generation(number: number, backends: Record<string, string>): Generation {
  return { number, models: [...new Set(Object.values(backends))], backends, workers: 1 }
}

const models = ['m', 'n']
const backends = { x: 'm', y: 'm', z: 'n' }

/** Every choice of the backends. */
const choices = Array.from({ length: 8 }, (_, bits) =>
  Object.fromEntries(Object.entries(backends).filter((_, index) => (bits >> index) & 1)),
)

const crews = choices.flatMap((one) =>
  choices.flatMap((two) =>
    choices.map((three) => [generation(1, one), generation(2, two), generation(3, three)]),
  ),
)

function ownersOf(name: string, list: 'models' | 'backends', duties: readonly Duties[]): number[] {
  return duties.filter((one) => one[list].includes(name)).map(({ generation: number }) => number)
}

test('of those who know it, the newest one has each model and each backend', () => {
  for (const crew of crews) {
    const duties = crew.map((own) => dutiesOf(own, crew))
    for (const name of models) {
      const knowing = crew.filter((one) => one.models.includes(name)).map(({ number }) => number)
      expect(ownersOf(name, 'models', duties)).toEqual(knowing.slice(-1))
    }
    for (const name of Object.keys(backends)) {
      const knowing = crew.filter((one) => name in one.backends).map(({ number }) => number)
      expect(ownersOf(name, 'backends', duties)).toEqual(knowing.slice(-1))
    }
  }
})

test('of each change every backend of its model is told, by who decides or by whom that one leaves it to', () => {
  for (const crew of crews) {
    const duties = crew.map((own) => dutiesOf(own, crew))
    for (const name of models) {
      const decider = duties.find((one) => one.models.includes(name))
      const known = Object.entries(backends).filter(([backend]) =>
        crew.some((one) => backend in one.backends),
      )
      const told = [
        ...(decider?.backends ?? []).filter((backend) => backends[backend as 'x'] === name),
        ...Object.keys(decider?.beside ?? {}).filter((backend) => backends[backend as 'x'] === name),
      ]
      const wanted = known.flatMap(([backend, model]) => (model === name ? backend : []))
      expect(told.toSorted()).toEqual(wanted.toSorted())
    }
  }
})

test('a worker that is alone has everything, whatever its number', () => {
  const own = generation(1, backends)
  expect(dutiesOf(own, [own])).toEqual({
    generation: 1,
    rank: 'newest',
    models: ['m', 'n'],
    backends: ['x', 'y', 'z'],
    foreign: [],
    foreignModels: [],
    beside: {},
    others: [],
    alike: 1,
  })
})

test('what others decided without a backend was missed, and nothing where nobody decided', () => {
  const own = generation(2, backends)
  expect(missedBy(own, [])).toEqual([])
  expect(missedBy(own, [own])).toEqual([])
  expect(missedBy(own, [generation(1, { x: 'm' })])).toEqual(['y'])
})

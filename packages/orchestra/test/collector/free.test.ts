import { expect, it } from 'vitest'
import { freeChanges, namesOf } from '../../src/collector/free.ts'

const change = (id: number, ...keys: string[]) => ({ id, model: 'site', keys: keys.map((key) => [key]) })
const idsOf = (changes: readonly { id: number }[]) => changes.map(({ id }) => id)
const held =
  (...names: string[]) =>
  (name: string) =>
    names.includes(name)

it('leaves out changes of objects that others decide', () => {
  const changes = [change(1, 'a'), change(2, 'b'), change(3, 'a', 'c')]
  expect(idsOf(freeChanges(changes, held('site:a')))).toEqual([2])
  expect(idsOf(freeChanges(changes, held()))).toEqual([1, 2, 3])
})

it('lets nothing overtake what waits, over any number of objects', () => {
  const changes = [change(1, 'a', 'b'), change(2, 'b', 'c'), change(3, 'c'), change(4, 'd')]
  expect(idsOf(freeChanges(changes, held('site:a')))).toEqual([4])
})

it('lets what came before go', () => {
  expect(idsOf(freeChanges([change(1, 'b'), change(2, 'a', 'b')], held('site:a')))).toEqual([1])
})

it('tells changes that name no object apart', () => {
  const changes = [change(1), change(2)]
  expect(idsOf(freeChanges(changes, held('change 1')))).toEqual([2])
})

it('has a name for what is no key', () => {
  const broken = { id: 1, model: 'site', keys: [['a'], 7] as unknown as string[][] }
  expect(namesOf(broken)).toEqual(['site:a', 'site:7'])
})

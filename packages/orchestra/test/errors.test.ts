import { expect, test } from 'vitest'
import { messageOf } from '../src/errors.ts'

const lying = {
  get message(): string {
    throw new Error('no')
  },
}

const cases: [what: string, thrown: unknown, told: string][] = [
  ['an error', new Error('a'), 'a'],
  ['a text', 'a', 'a'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['an object with a message', { message: 'no such zone', status: 404 }, 'no such zone'],
  ['an object that can be a text', { toString: () => 'a' }, 'a'],
  ['an object without a message', { errno: 51 }, 'something was thrown that has no message'],
  ['an object with another message', { message: { deep: 1 } }, 'something was thrown that has no message'],
  ['what throws itself', lying, 'something was thrown that cannot be told'],
  ['what is no text at all', Object.create(null), 'something was thrown that cannot be told'],
]

test.each(cases)('%s can be told', (_, thrown, told) => expect(messageOf(thrown)).toBe(told))

import { once } from 'node:events'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actorText } from '../../src/capture/actor.ts'
import { installCapture, unitOfWork, wrapPool } from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { changes, openPool, site, siteTables } from './support.ts'

describe('an actor', () => {
  test.each([
    ['eva', 'eva'],
    [12, '12'],
    [1234567890123456789n, '1234567890123456789'],
    ['', ''],
    [null, undefined],
    [undefined, undefined],
  ])('%s is taken', (answer, text) => {
    expect(actorText(() => answer, 'nowhere')).toBe(text)
  })

  const useless: [string, () => unknown, string][] = [
    ['an object', () => ({ name: 'eva' }), 'answered an object'],
    ['an array', () => ['eva'], 'answered an object'],
    ['a promise', async () => 'eva', 'answered a promise'],
    ['a promise that fails', () => Promise.reject(new Error('x')), 'answered a promise'],
    ['a function', () => () => 'eva', 'answered a function'],
    ['a boolean', () => true, 'answered a boolean'],
    ['a symbol', () => Symbol('eva'), 'answered a symbol'],
    ['an error', () => (undefined as never as { name: string }).name, 'threw Cannot read properties'],
  ]

  test.each(useless)('that is %s is said once, and is none', async (name, ask, said) => {
    const warned = once(process, 'warning')
    expect(actorText(ask, name)).toBeUndefined()
    const [warning] = await warned
    expect(warning).toMatchObject({ name: 'OrchestraWarning', code: 'ORC_USAGE' })
    expect(warning.message).toContain(`The actor that ${name} was given ${said}`)
    expect(warning.detail).toMatch(/a text or a number/)
    const others: unknown[] = []
    const listen = (other: unknown) => others.push(other)
    process.on('warning', listen)
    actorText(ask, name)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect(others).toEqual([])
  })

  test('that is fixed is refused where it is given', () => {
    for (const actor of [{}, Promise.resolve('eva'), true])
      expect(() => unitOfWork({ actor: actor as never }, () => undefined)).toThrow(
        expect.objectContaining({ code: 'ORC_USAGE' }),
      )
  })
})

describeStores('a write', (open) => {
  let store: Store
  let pool: pg.Pool

  beforeEach(async () => {
    store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
    pool = wrapPool(openPool(store.databaseUrl, 1))
  })

  afterEach(() => pool.end())

  test('has the number of its actor as text', async () => {
    await unitOfWork({ actor: 12 }, () => pool.query(`insert into site (domain) values ('a')`))
    await unitOfWork({ actor: () => 13n }, () => pool.query(`insert into site (domain) values ('a')`))
    expect(await changes(store)).toMatchObject([{ actor: '12' }, { actor: '13' }])
  })

  test('goes on and stays in its unit whatever the actor answers', async () => {
    const actors = [() => ({}), async () => 'eva', () => JSON.parse('{')]
    for (const actor of actors) {
      const id = await unitOfWork({ actor: actor as never }, async (unit) => {
        await pool.query(`insert into site (domain) values ('a')`)
        return unit.id
      })
      expect((await changes(store)).at(-1)).toMatchObject({ unit_id: id, actor: 'postgres' })
    }
  })
})

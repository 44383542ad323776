import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fromSnapshot, sealObject, toSnapshot } from '../../src/collector/index.ts'
import { openObject, sealSecrets } from '../../src/collector/snapshot.ts'
import { findUnstorable } from '../../src/collector/unstorable.ts'
import { defineModel, type Model, type Secret, secret } from '../../src/index.ts'
import { openKeyring } from '../../src/store/keyring.ts'
import { testKey } from '../support/stores.ts'

const keyring = openKeyring({ key: testKey, keyFile: '' })
const seal = keyring.for('user', '1')

const hostileName = fc.constantFrom(
  '$secret',
  '$date',
  '$object',
  '$map',
  '__proto__',
  'constructor',
  'toString',
  '',
)
const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(fc.tuple(fc.oneof(hostileName, fc.string()), tie('value')), { maxLength: 4 }).map((entries) => {
      const object = {}
      for (const [name, inner] of entries)
        Object.defineProperty(object, name, {
          value: inner,
          enumerable: true,
          configurable: true,
          writable: true,
        })
      return object
    }),
  ),
}))

describe('a snapshot', () => {
  it('gives back what it was made from, through JSON, whatever its names and values are', () => {
    fc.assert(
      fc.property(value, (object) => {
        const stored = JSON.parse(JSON.stringify(toSnapshot(object, seal)))
        expect(fromSnapshot(stored, seal)).toEqual(object)
      }),
      { numRuns: 500 },
    )
  })

  it('holds a secret encrypted, and never in clear', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: 'grapheme' }), (text) => {
        const stored = JSON.stringify(toSnapshot({ password: secret(text, 'user.password') }, seal))
        expect(stored).not.toContain(JSON.stringify(text).slice(1, -1))
        const { password } = fromSnapshot(JSON.parse(stored), seal) as {
          password: ReturnType<typeof secret>
        }
        expect([password.reveal(), password.name]).toEqual([text, 'user.password'])
      }),
    )
  })

  it('holds a secret that is a number, or has numbers in it, to the last digit', () => {
    const model = defineModel({
      name: 'user',
      schema: z.object({ pin: z.bigint(), seeds: z.unknown() }),
      secrets: ['pin', 'seeds'],
    })
    const { pin, seeds } = sealSecrets(model as Model, {
      pin: 1234567890123456789n,
      seeds: [9007199254740993n, 1.5],
    })
    expect([pin, seeds].map((one) => (one as Secret).reveal())).toEqual([
      '1234567890123456789',
      '[9007199254740993,1.5]',
    ])
  })

  it.each([
    ['another object', ['password', 'password'] as const, '2'],
    ['another field', ['password', 'comment'] as const, '1'],
  ])('opens no secret that was put into %s', (_, [from, to], key) => {
    const stored = toSnapshot({ [from]: secret('clear', 'user.password') }, seal) as Record<string, unknown>
    const forged = { [to]: stored[from] }
    expect(() => fromSnapshot(forged, keyring.for('user', key))).toThrow('put into another place')
  })

  it('never reads data as a secret', () => {
    const data = { a: { $secret: seal.encrypt('forged', ['a']), name: 'x' } }
    expect(fromSnapshot(toSnapshot(data, seal), seal)).toEqual(data)
  })

  it('keeps a given object whole, secrets included', () => {
    const model = defineModel({
      name: 'user',
      schema: z.object({ id: z.string(), password: z.string() }),
      secrets: ['password'],
    })
    const given = { id: '1', password: 'clear' }
    const sealed = sealObject(model, given, seal)
    expect(JSON.stringify(sealed)).not.toContain('clear')
    expect(openObject(sealed, seal)).toEqual(given)
  })
})

describe('what cannot be stored', () => {
  it.each([
    [{ a: 'x\0y' }, 'a contains'],
    [{ a: ['ok', { b: '\ud800' }] }, 'a.1.b contains'],
    [{ a: new Date(Number.NaN) }, 'a is no date'],
    [{ 'x\0': 1 }, 'a name in the object contains'],
    [{ a: new Map([['k', 'v\0']]) }, 'a.0.1 contains'],
  ])('is named with its path', (object, expected) => {
    expect(findUnstorable(object)).toContain(expected)
  })

  it('is nothing that JSON and UTF-8 can hold', () => {
    fc.assert(
      fc.property(fc.object({ values: [fc.string({ unit: 'grapheme' }), fc.integer()] }), (object) => {
        if (!JSON.stringify(object).includes('\\u0000')) expect(findUnstorable(object)).toBeUndefined()
      }),
    )
  })
})

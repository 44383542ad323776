import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInNetworks, networkOf, siteOf } from '../../src/access/networks.ts'
import { assertStrong, hashPassword, isPassword } from '../../src/access/password.ts'
import {
  allows,
  commonGrants,
  dimensions,
  everything,
  type Grant,
  lacking,
  type Scope,
  type Subject,
  scopesOf,
} from '../../src/access/scope.ts'
import { hashOf, isSecret, isToken, newSecret, newToken } from '../../src/access/secret-text.ts'
import { seed } from '../support/seed.ts'

describe('a token', () => {
  test('is of one form, and none is like another', () => {
    const tokens = Array.from({ length: 500 }, newToken)
    for (const token of tokens) {
      expect(token).toMatch(/^orc_[0-9A-Za-z]{49}$/)
      expect(isToken(token)).toBe(true)
    }
    expect(new Set(tokens).size).toBe(tokens.length)
  })

  test('is told from one that was mistyped, cut off or made up, without a look anywhere', () => {
    const token = newToken()
    for (let at = 4; at < token.length; at++) {
      const other = token[at] === 'a' ? 'b' : 'a'
      expect(isToken(token.slice(0, at) + other + token.slice(at + 1))).toBe(false)
      expect(isToken(token.slice(0, at))).toBe(false)
    }
    for (const text of ['', 'orc_', `${token}\n`, ` ${token}`, token.toUpperCase(), newSecret()])
      expect(isToken(text)).toBe(false)
  })

  test('is kept as a hash', () => {
    const token = newToken()
    expect(hashOf(token)).toHaveLength(32)
    expect(hashOf(token).toString('latin1')).not.toContain(token)
    expect(isSecret(newSecret())).toBe(true)
  })
})

describe('a password', () => {
  test('is known again, also where it is typed in another form', { timeout: 60_000 }, async () => {
    const stored = await hashPassword('caf\u00e9 au lait am Morgen')
    expect(stored).toMatch(/^scrypt\$15\$8\$3\$/)
    expect(stored).not.toContain('lait')
    expect(await isPassword('cafe\u0301 au lait am Morgen', stored)).toBe(true)
    expect(await isPassword('cafe au lait am Morgen', stored)).toBe(false)
    expect(await isPassword('caf\u00e9 au lait am Morgen', null)).toBe(false)
    expect(await isPassword('x'.repeat(1_000_000), stored)).toBe(false)
    expect(await hashPassword('caf\u00e9 au lait am Morgen')).not.toBe(stored)
  })

  test.each(['', 'short', 'aaaaaaaaaaaaaaaaaaaa', 'abababababababab', 'anastasia-kuznetsova1'])(
    'is refused when it is weak: %j',
    (password) => {
      expect(() => assertStrong(password, 'anastasia-kuznetsova')).toThrow(
        expect.objectContaining({ code: 'ORC_PASSWORD_WEAK' }),
      )
    },
  )

  test('may be anything else', () => {
    for (const password of ['correct horse battery', '密码非常长而且没有人会猜到它', `';--\u0000 "$(x)" %`])
      expect(() => assertStrong(password, 'ana')).not.toThrow()
  })
})

describe('networks', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7/32'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['2001:db8::7/32', '2001:db8::/32'],
    ['::ffff:10.0.0.1/104', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('%s is kept as %s', (text, kept) => expect(networkOf(text)).toBe(kept))

  test.each([
    '',
    'web1',
    '10/8',
    '010.0.0.1',
    '0x7f.1',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '::/129',
    '1.2.3.4/8/8',
    'fe80::1%eth0',
  ])('%j is none', (text) =>
    expect(() => networkOf(text)).toThrow(expect.objectContaining({ code: 'ORC_INPUT_INVALID' })),
  )

  test('hold their addresses, whichever socket these come in by, and nothing that cannot be read', () => {
    const networks = ['10.0.0.0/8', '2001:db8::/32']
    for (const address of ['10.9.8.7', '::ffff:10.9.8.7', '2001:db8::1', '2001:DB8:0::1%eth0'])
      expect([address, isInNetworks(address, networks)]).toEqual([address, true])
    for (const address of ['11.0.0.1', '2001:db9::1', '::1', '', 'localhost', '10.0.0.1, 10.0.0.2'])
      expect([address, isInNetworks(address, networks)]).toEqual([address, false])
    expect(isInNetworks('::1', ['0.0.0.0/0'])).toBe(false)
  })

  test('of one site count as one stranger', () => {
    expect(siteOf('2001:db8:1:2:aaaa::1')).toBe(siteOf('2001:db8:1:2:bbbb::9'))
    expect(siteOf('2001:db8:1:3::1')).not.toBe(siteOf('2001:db8:1:2::1'))
    expect(siteOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(siteOf('nonsense')).toBe('unknown')
  })
})

const names = fc.subarray(['a', 'b', 'c'], { minLength: 1 })
const scope: fc.Arbitrary<Scope> = fc.record({
  servers: fc.option(names),
  backends: fc.option(names),
  models: fc.option(names),
  actions: fc.option(names),
})
const grant: fc.Arbitrary<Grant> = fc.record({
  permissions: fc
    .subarray(['status.read', 'retry', 'user'] as const, { minLength: 1 })
    .map((list) => new Set(list)),
  scope,
})
const grants = fc.array(grant, { maxLength: 4 })
const name = fc.option(fc.constantFrom('a', 'b', 'c', 'd'))
const subject: fc.Arbitrary<Subject> = fc.record({ server: name, backend: name, model: name, action: name })

describe('grants', () => {
  test('that two have in common allow exactly what both allow', () => {
    fc.assert(
      fc.property(grants, grants, subject, (some, others, about) => {
        for (const permission of ['status.read', 'retry', 'user'] as const) {
          const both = [some, others].every((own) => allows(scopesOf(own, permission), about))
          const common = allows(scopesOf(commonGrants(some, others), permission), about)
          expect(common).toBe(both)
        }
      }),
      { seed, numRuns: 2_000 },
    )
  })

  test('that lack nothing of another allow all that it allows', () => {
    fc.assert(
      fc.property(grants, grant, subject, (own, given, about) => {
        const missing = lacking(own, given)
        for (const permission of given.permissions) {
          if (missing.includes(permission) || !allows([given.scope], about)) continue
          expect(allows(scopesOf(own, permission), about)).toBe(true)
        }
      }),
      { seed, numRuns: 2_000 },
    )
  })

  test('of everything lack nothing, and none lacks itself', () => {
    fc.assert(
      fc.property(grant, (given) => {
        expect(lacking([given], given)).toEqual([])
        expect(lacking([{ ...given, scope: everything }], given)).toEqual([])
        expect(lacking([], given)).toEqual([...given.permissions])
        expect(dimensions).toHaveLength(4)
      }),
      { seed },
    )
  })
})

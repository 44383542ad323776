import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineModel, type Model } from '../../src/config/model.ts'
import { isOrchestraError } from '../../src/errors.ts'
import { createLanguage, variableOf } from '../../src/router/language.ts'
import { compileIn, compileMatch, type MatchAnswer, prepare } from '../../src/router/match.ts'
import { secret } from '../../src/secrets/secret.ts'
import { aSite, site } from './sites.ts'

const language = createLanguage(site)

function test(text: string, object: object = aSite): MatchAnswer {
  return compileIn(language, text).test(prepare(language, object))
}

function refusal(text: string, model: Model = site as Model): { message: string; hint: string | undefined } {
  try {
    compileMatch(model, text)
  } catch (error) {
    if (isOrchestraError(error, 'ORC_ROUTE_INVALID')) return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error(`${text} was accepted`)
}

describe('a match expression', () => {
  it.each([
    'true',
    'site.plan == "pro"',
    'site["plan"] == "pro"',
    'site.plan in ["pro", "free"]',
    'site.domain.endsWith(".example") && site.active',
    'site.domain.matches("^[a-z]\\\\.")',
    'site.tags.exists(tag, tag == "vip")',
    '"vip" in site.tags',
    'size(site.tags) == 2',
    'site.tags[0] == "old"',
    'site.owner.name == "ann"',
    'site.owner != null && site.owner.id == 3',
    'site.limits.mail > 4',
    'has(site.limits.mail) && !has(site.limits.web)',
    'site.since > timestamp("2025-01-01T00:00:00Z")',
    'site.since.getFullYear() == 2026',
    'site.note != null',
    'site.mixed == 7',
  ])('matches: %s', (text) => expect(test(text)).toBe('matched'))

  it.each([
    'site.id == 12',
    'site.id == 12.0',
    'site.id > 11.5',
    'site.id + 1 == 13',
    'site.id * 1.5 == 18',
    'site.id % 5 == 2',
    'site.id / 5 == 2',
    'site.id in [11, 12]',
    'site.quota > 1',
    'site.quota + 1 == 2.5',
    'site.quota * 2 == 3',
    'site.quota * 2 in [3, 4]',
    'site.quota % 1 == 0.5',
    '443 in site.ports',
    'site.ports.exists(port, port == 80)',
    'site.big == 9007199254740993',
    'site.big != 9007199254740992',
    'site.mixed + 1 > 7.5',
    'site.owner.id + site.quota == 4.5',
  ])('takes numbers as people write them: %s', (text) => expect(test(text)).toBe('matched'))

  it('compares any number with any number', () => {
    const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    fc.assert(
      fc.property(fc.integer(), number, (id, quota) => {
        const holds = [
          ['==', id === quota],
          ['!=', id !== quota],
          ['<', id < quota],
          ['<=', id <= quota],
          ['>', id > quota],
          ['>=', id >= quota],
        ] as const
        for (const [operator, matches] of holds) {
          const verdict = test(`site.id ${operator} site.quota`, { ...aSite, id, quota })
          expect(verdict).toBe(matches ? 'matched' : 'not-matched')
        }
      }),
    )
  })

  it('does not match where it is false', () => {
    expect(test('site.plan == "free"')).toBe('not-matched')
    expect(test('site.note == "hello"', { ...aSite, note: null })).toBe('not-matched')
  })

  it('sees what is absent as null', () => {
    expect(test('site.note == null', { ...aSite, note: null })).toBe('matched')
    expect(test('site.owner == null', { ...aSite, owner: undefined })).toBe('matched')
    expect(test('site.owner == null || site.owner.id == 1', { ...aSite, owner: null })).toBe('matched')
  })

  it.each([
    ['site.note.startsWith("h")', { note: null }, 'site.note is null'],
    ['site.owner.id == 3', { owner: null }, 'site.owner is null'],
    ['site.limits.web > 1', {}, 'No such key: web'],
    ['site.tags[5] == "x"', {}, 'index 5'],
    ['site.id / 0 == 1', {}, 'division by zero'],
    ['site.mixed', {}, 'it gives number, not true or false'],
  ])('is an error, not a no, where it cannot tell: %s', (text, changes, reason) => {
    const verdict = test(text, { ...aSite, ...changes })
    expect(verdict).toMatchObject({ error: expect.stringContaining(reason) })
  })

  it('tells which fields it reads', () => {
    const reads = (text: string) => compileIn(language, text).reads.map((path) => path.join('.'))
    expect(reads('site.plan == "pro" && site.owner["name"] == "x" && site.plan != "free"')).toEqual([
      'plan',
      'owner.name',
    ])
    expect(reads('site.tags.exists(tag, tag == site.domain)')).toEqual(['tags', 'domain'])
    expect(reads('true')).toEqual([])
  })
})

describe('a match expression is refused', () => {
  it('with line, column and a caret under the place', () => {
    const { message } = refusal('site.active &&\n  site.plann == "pro"')
    expect(message).toBe(
      [
        'The match expression is wrong at line 2, column 8: `site` has no field `plann`',
        '      site.plann == "pro"',
        '           ^^^^^',
      ].join('\n'),
    )
  })

  it.each([
    ['', 'column 1'],
    ['site.plan ==', 'line 1, column 13'],
    ['site.plan = "pro"', 'column 11'],
    ['"open', 'column 1'],
    ['site.plan == "pro" )', 'column 20'],
  ])('when it does not parse: %j', (text, place) => expect(refusal(text).message).toContain(place))

  it.each([
    ['site.domain > 3', 'string > int'],
    ['site.note > 3', 'string > int'],
    ['site.active == "yes"', 'bool == string'],
    ['site.tags == "vip"', 'list<string> == string'],
    ['site.domain.size() == "1"', 'int == string'],
    ['nothing == 1', 'Unknown variable: nothing'],
    ['plan == "pro"', 'Unknown variable: plan'],
    ['site.domain.shout() == "A"', 'shout'],
  ])('when its types do not fit: %s', (text, reason) => expect(refusal(text).message).toContain(reason))

  it.each(['site.id', 'site.domain', 'site.id + 1', '"pro"', 'site'])('when it gives no bool: %s', (text) => {
    expect(refusal(text).message).toContain('not true or false')
  })

  it.each([
    ['site.owner.nam == "x"', '`site.owner` has no field `nam`'],
    ['site["plann"] == "x"', '`site` has no field `plann`'],
    ['has(site.plann)', '`site` has no field `plann`'],
    ['site.tags.exists(tag, tag == site.plann)', '`site` has no field `plann`'],
  ])('when a field does not exist: %s', (text, reason) => {
    const { message, hint } = refusal(text)
    expect(message).toContain(reason)
    expect(hint).toContain('id, big, quota, plan, domain')
  })

  it.each([
    'site.password == "x"',
    'site["password"] != null',
    'has(site.password)',
    '[site.password] == ["x"]',
  ])('when it reads a secret: %s', (text) => {
    const { message, hint } = refusal(text)
    expect(message).toContain('`site.password` is secret')
    expect(hint).not.toContain('password')
  })

  it.each([
    ['site.plan == "prro"', '^^^^^^'],
    ['"prro" != site.plan', '^^^^^^'],
    ['site.active || site.plan in ["pro", "prro"]', '^^^^^^'],
  ])('when it compares with a value that the schema does not have: %s', (text, caret) => {
    const { message, hint } = refusal(text)
    expect(message).toContain('site.plan is never "prro"')
    expect(message).toContain(caret)
    expect(hint).toBe('It is one of "free", "pro"')
  })

  it('when a pattern is none', () => {
    expect(refusal('site.domain.matches("(")').message).toContain('missing closing )')
  })

  it('or compiles, whatever the text, and never fails otherwise', () => {
    const words = fc.constantFrom(
      'site',
      '.',
      'plan',
      'id',
      '==',
      '"pro"',
      '(',
      ')',
      '[',
      ']',
      '!',
      '&&',
      '1',
      ' ',
      '\n',
      'in',
      '\\',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (expression) => {
        try {
          compileIn(language, expression)
        } catch (error) {
          if (!isOrchestraError(error, 'ORC_ROUTE_INVALID')) throw error
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('secrets', () => {
  it('are not in what expressions run on', () => {
    const object = { ...aSite, password: secret('canary', 'password') }
    expect(JSON.stringify(Object.keys(language.contextOf(object).site as object))).not.toContain('password')
    expect(test('site[site.domain] == 1', { ...object, domain: 'password' })).toMatchObject({
      error: expect.any(String),
    })
  })
})

describe('fields that are called like words of the language', () => {
  const odd = [
    'in',
    'true',
    'false',
    'null',
    'size',
    'int',
    'list',
    'has',
    'a',
    '_',
    'a b',
    'a.b',
    'größe',
    'X',
    'toString',
  ]
  const Odd = defineModel({
    name: 'odd',
    schema: z.object(Object.fromEntries(odd.map((name) => [name, z.int()]))),
  })
  const object = Object.fromEntries(odd.map((name) => [name, 4]))

  it.each(odd)('are read in brackets: %s', (name) => {
    const language = createLanguage(Odd)
    const match = compileIn(language, `odd[${JSON.stringify(name)}] == 4`)
    expect(match.test(prepare(language, object))).toBe('matched')
  })

  it.each(['in', 'true', 'false', 'null'])('and say so behind a dot: %s', (name) => {
    expect(refusal(`odd.${name} == 4`, Odd as Model).hint).toContain(`write ["${name}"]`)
  })

  it('may look like the names of others that cannot be named', () => {
    const inner = z.object({ id: z.int() })
    const model = defineModel({
      name: 'site',
      schema: z.object({ 'a-b': inner, field_0: inner, field_1: inner }),
    })
    const language = createLanguage(model)
    const match = compileIn(language, 'site["a-b"].id + site.field_0.id + site.field_1.id == 6')
    const some = { 'a-b': { id: 1 }, field_0: { id: 2 }, field_1: { id: 3 } }
    expect(match.test(prepare(language, some))).toBe('matched')
  })
})

describe('variableOf', () => {
  it.each([
    ['site', 'site'],
    ['s', 's'],
    ['a1', 'a1'],
    ['a-', 'a_'],
    ['mail-box', 'mail_box'],
    ['package', 'package_'],
    ['prototype', 'prototype_'],
    ['google', 'google_'],
    ['list', 'list_'],
    ['in', 'in_'],
    ['true', 'true_'],
    ['int', 'int_'],
    ['size', 'size'],
  ])('names the object of model %s %s, which works', (name, variable) => {
    const model = defineModel({
      name,
      table: 'x',
      schema: z.object({ id: z.int(), list: z.string(), 'a-b': z.string() }),
    })
    expect(variableOf(model)).toBe(variable)
    const named = createLanguage(model)
    const match = compileIn(
      named,
      `${variable}.id == 1 && ${variable}.list == "x" && ${variable}["a-b"] == "y"`,
    )
    expect(match.test(prepare(named, { id: 1, list: 'x', 'a-b': 'y' }))).toBe('matched')
  })
})

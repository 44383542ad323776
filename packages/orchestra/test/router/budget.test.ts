import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineModel } from '../../src/config/model.ts'
import { MOST_STEPS } from '../../src/router/budget.ts'
import { createLanguage } from '../../src/router/language.ts'
import { compileIn, type MatchAnswer, prepare } from '../../src/router/match.ts'

const list = defineModel({
  name: 'team',
  table: 'team',
  schema: z.object({ id: z.int(), name: z.string(), members: z.array(z.string()), pattern: z.string() }),
})
const language = createLanguage(list)
const members = Array.from({ length: 1_000 }, (_, index) => `member-${index}@lists.example`)
const some = { id: 1, name: 'staff', members, pattern: '' }

function test(text: string, object: Partial<typeof some> = {}): MatchAnswer {
  return compileIn(language, text).test(prepare(language, { ...some, ...object }))
}

const overBudget = { error: `it takes more than ${MOST_STEPS} steps on this object, and was given up` }
const nested = (depth: number, inner: string): string =>
  depth === 0 ? inner : `team.members.all(m${depth}, ${nested(depth - 1, inner)})`
const doubled = (times: number): string =>
  times === 0
    ? 'x0.contains("z")'
    : `cel.bind(x${40 - times + 1}, x${40 - times} + x${40 - times}, ${doubled(times - 1)})`

describe('an expression has a budget on each object', () => {
  it.each([
    ['loops in loops', nested(4, 'm1 != "x"')],
    ['loops in loops whose errors are taken for answers', nested(4, 'int(m1) == 1 || m1 != "x"')],
    [
      'lists that grow',
      'team.members.map(a, team.members.map(b, team.members.map(c, a + b + c))).size() > 0',
    ],
    ['a text that doubles', `cel.bind(x0, team.name, ${doubled(40)})`],
    [
      'a list that is put together in a loop',
      'team.members.all(a, (team.members + team.members + team.members).size() > 0 && a in team.members)',
    ],
  ])('that stops %s', (_, text) => expect(test(text)).toEqual(overBudget))

  it('that stops a comparison of a long text with a long pattern', () => {
    expect(
      test('team.name.matches(team.pattern)', { name: 'a'.repeat(1e6), pattern: 'a?'.repeat(500) }),
    ).toEqual(overBudget)
  })

  it('that is new for the next object', () => {
    const match = compileIn(language, nested(2, 'm1 != "x"'))
    const verdict = (count: number) =>
      match.test(prepare(language, { ...some, members: members.slice(0, count) }))
    expect([verdict(1_000), verdict(1), verdict(1_000), verdict(0)]).toEqual([
      overBudget,
      'matched',
      overBudget,
      'matched',
    ])
  })

  it.each([
    'team.members.exists(m, m.endsWith("999@lists.example") && m.startsWith("member"))',
    'team.members.filter(m, m.matches("^member-[0-9]{3}@")).size() == 900',
    'team.members.map(m, m.size()).exists_one(n, n == 22) == false',
    'cel.bind(n, size(team.members), n == 1000)',
    'has(team.name) && team.name != null',
  ])('that is enough for %s', (text) => expect(test(text)).toBe('matched'))
})

describe('a pattern', () => {
  it('takes no exponential time', () => {
    const evil = '^(a+)+$'
    expect(test(`team.name.matches("${evil}")`, { name: `${'a'.repeat(40_000)}!` })).toBe('not-matched')
    expect(
      test('team.name.matches(team.pattern)', { name: `${'a'.repeat(40_000)}!`, pattern: '(a|a)*$' }),
    ).toBe('matched')
  })

  it.each([
    ['(?<=a)b', 'lookaround'],
    ['(a)\\\\1', 'backreferences'],
    ['(', 'RE2'],
    [`a{${'9'.repeat(5)}}`, 'RE2'],
  ])('%s is refused when it is written, with what patterns can be', (pattern, hint) => {
    expect(() => test(`team.name.matches("${pattern}")`)).toThrow(
      expect.objectContaining({ code: 'ORC_ROUTE_INVALID', hint: expect.stringContaining(hint) }),
    )
  })

  it('of an object that is none is an error of that object', () => {
    expect(test('team.name.matches(team.pattern)', { pattern: '(' })).toEqual({
      error: expect.stringContaining('missing closing )'),
    })
    expect(test('team.name.matches(team.pattern)', { pattern: 'a'.repeat(1_001) })).toEqual({
      error: expect.stringContaining('at most 1000 characters'),
    })
  })

  it.each([
    ['\\\\d+$', 'x42', 'matched'],
    ['^\\\\u0041$', 'A', 'matched'],
    ['(?i)STAFF', 'staff', 'matched'],
    ['^(?<first>s)taff$', 'staff', 'matched'],
    ['^a.c$', 'a\nc', 'not-matched'],
  ])('%s means on %j what it always did', (pattern, name, expected) => {
    expect(test(`team.name.matches("${pattern}")`, { name })).toBe(expected)
  })
})

describe('a text', () => {
  it.each([
    ['parentheses', `${'('.repeat(5_000)}true${')'.repeat(5_000)}`],
    ['negations', `${'!'.repeat(20_000)}true`],
    [
      'comparisons in a row',
      Array.from({ length: 20_000 }, (_, index) => `team.id == ${index}`).join(' || '),
    ],
    ['fields of fields', `team${'.name'.repeat(5_000)} == "x"`],
    ['lists in lists', `${'['.repeat(5_000)}${']'.repeat(5_000)} == []`],
  ])('with too many %s is refused when it is written', (_, text) => {
    expect(() => test(text)).toThrow(expect.objectContaining({ code: 'ORC_ROUTE_INVALID' }))
  })

  it('of a thousand comparisons is fine', () => {
    expect(
      test(Array.from({ length: 1_000 }, (_, index) => `team.id == ${1_000 - index}`).join(' || ')),
    ).toBe('matched')
  })
})

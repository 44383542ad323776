import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filtersOf } from '../../src/operate/index.ts'
import {
  choice,
  type Filters,
  LONGEST_QUERY,
  looksForText,
  MOST_TERMS,
  moment,
  named,
  parseQuery,
  patterned,
  printQuery,
  QueryFault,
  queryCondition,
  textIn,
} from '../../src/query/index.ts'

const filters: Filters = {
  by: {
    server: named('server', 'A server'),
    name: patterned('name', 'A name'),
    is: choice({ failing: 'failing', held: 'held' }, 'How it stands'),
    since: moment('at', 'since'),
  },
  text: { about: 'What is written', where: textIn('words') },
}

/** The SQL and the values that a query becomes. */
function compiled(query: string, list: Filters = filters): [sql: string, values: unknown[]] {
  const values: unknown[] = []
  return [queryCondition(list, query)((value) => `$${values.push(value)}`), values]
}

const terms = (query: string) => parseQuery(query).map(({ span: _, ...term }) => term)

function faultOf(query: string): [from: number, to: number, detail: string] {
  try {
    queryCondition(filters, query)
  } catch (error) {
    if (error instanceof QueryFault) return [error.span.from, error.span.to, error.detail]
    throw error
  }
  throw new Error('it was taken')
}

/** Printable, with all that the grammar itself is made of. */
const value = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('"', '\\', ' ', '-', ':', '*', '$', "'", ';'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 12,
  })
  .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text))
const term = fc.record({
  name: fc.option(fc.constantFrom('server', 'is', 'since', 'a-b', 'Z'), { nil: null }),
  value,
  negated: fc.boolean(),
})

describe('a query', () => {
  test('is filters, filters that are ruled out, and texts', () => {
    expect(terms('server:web1 is:failing  -backend:cron "two words" -gone plain')).toEqual([
      { name: 'server', value: 'web1', negated: false },
      { name: 'is', value: 'failing', negated: false },
      { name: 'backend', value: 'cron', negated: true },
      { name: null, value: 'two words', negated: false },
      { name: null, value: 'gone', negated: true },
      { name: null, value: 'plain', negated: false },
    ])
    expect(terms('object:site:12 "site:12" name:"a \\"b\\" \\\\"')).toEqual([
      { name: 'object', value: 'site:12', negated: false },
      { name: null, value: 'site:12', negated: false },
      { name: 'name', value: 'a "b" \\', negated: false },
    ])
    expect(terms('   ')).toEqual([])
  })

  test('is what it was when it is printed and read again', () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 8 }), (all) => {
        expect(terms(printQuery(all))).toEqual(all)
      }),
    )
  })

  test('is refused with one kind of error, which points into it, whatever somebody writes', () => {
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', '\\', ' ', '-', ':', 'server', 'is', '\0', '\n', '\ud800'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 60,
    })
    fc.assert(
      fc.property(hostile, (query) => {
        try {
          const [sql, values] = compiled(query)
          for (const each of values.flat()) expect(String(each).includes('\0')).toBe(false)
          // What is a value is nowhere in the SQL.
          expect(sql).toMatch(/^[a-z0-9_ $=()[\]:,.>|%']*$/)
        } catch (error) {
          expect(error).toBeInstanceOf(QueryFault)
          const { span, query: shown } = error as QueryFault
          expect(span.from).toBeLessThan(span.to)
          expect(span.to).toBeLessThanOrEqual(Math.max(shown.length, query.length))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ['servr:web1', 0, 5, 'this list has no such filter'],
    ['server:web1 -foo:1', 13, 16, 'this list has no such filter'],
    ['constructor:1', 0, 11, 'this list has no such filter'],
    ['is:broken', 3, 9, 'is: is none of failing, held'],
    ['since:2026-02-30', 6, 16, 'since: is not a moment, such as 2026-01-31T09:00Z or 12h'],
    ['server:', 0, 7, 'server: has no value'],
    ['a -', 2, 3, 'nothing is looked for'],
    ['a ""', 2, 4, 'nothing is looked for'],
    ['say "never closed', 4, 5, 'this quote is never closed'],
    ['"a"b', 3, 4, 'a blank is missing behind the quote'],
    ['a"b', 1, 2, 'a quote stands inside of a word: put all of it in quotes, and \\ before this one'],
    ['a\nb', 1, 2, 'there is a control character, or half of a character'],
  ])('%j is refused at its place', (query, from, to, detail) => {
    expect(faultOf(query)).toEqual([from, to, detail])
  })

  test('may be neither long without end nor of conditions without end', () => {
    expect(() => parseQuery('a'.repeat(LONGEST_QUERY))).not.toThrow()
    expect(() => parseQuery('a'.repeat(LONGEST_QUERY + 1))).toThrow(QueryFault)
    expect(parseQuery('a '.repeat(MOST_TERMS))).toHaveLength(MOST_TERMS)
    expect(() => parseQuery('a '.repeat(MOST_TERMS + 1))).toThrow(QueryFault)
  })

  test('takes one filter that is named again for either, and all else for both', () => {
    expect(compiled('server:a is:failing server:b')).toEqual([
      '(server = any($1::text[]) and failing)',
      [['a', 'b']],
    ])
    expect(compiled('-server:a -server:b one two')).toEqual([
      '((server = any($1::text[])) is not true and (server = any($2::text[])) is not true' +
        ' and position($3::text in lower(words)) > 0 and position($4::text in lower(words)) > 0)',
      [['a'], ['b'], 'one', 'two'],
    ])
    expect(compiled('name:50%_*')).toEqual(['(name like $1)', ['50\\%\\_%']])
    expect(compiled('')).toEqual(['true', []])
  })

  test('looks for a text where it has one, also one that is ruled out', () => {
    expect(['server:a', 'server:a b', '-b', '"never closed'].map(looksForText)).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test('has filters that say what they are about, in every list', () => {
    for (const { by, text } of Object.values(filtersOf))
      for (const { about } of [...Object.values(by), text]) expect(about).toMatch(/^[A-Z].*[^.]$/)
  })
})

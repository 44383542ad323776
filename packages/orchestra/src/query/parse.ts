import { QueryFault, type Span } from './fault.ts'

/** One condition of a query: what a filter is to be, or a text that is looked for (of which `name` is null). */
export interface Term {
  name: string | null
  value: string
  negated: boolean
  span: Span
}

/** Characters of a query, and conditions of one. */
export const LONGEST_QUERY = 2_000
export const MOST_TERMS = 50

/**
 * Reads `server:web1 is:failing -backend:cron "text"`: conditions with blanks between them. `-` negates; what holds a blank, a quote
 * or a colon that is meant as such stands in quotes, in which `\` takes what follows it as it is. Pure.
 * @throws QueryFault and nothing else, whatever it is given
 */
export function parseQuery(query: string): Term[] {
  refuseWhole(query)
  const terms: Term[] = []
  for (let at = skipBlanks(query, 0); at < query.length; ) {
    const term = readTerm(query, at)
    if (terms.push(term) > MOST_TERMS)
      throw new QueryFault(query, term.span, `there are more than ${MOST_TERMS} conditions`)
    at = skipBlanks(query, term.span.to)
  }
  return terms
}

/** What no database takes, and no terminal shows. */
function refuseWhole(query: string): void {
  if (query.length > LONGEST_QUERY)
    throw new QueryFault(
      '',
      { from: LONGEST_QUERY, to: query.length },
      `it is longer than ${LONGEST_QUERY} characters`,
    )
  const control = query.search(/\p{Cc}|\p{Cs}/u)
  if (control === -1) return
  const shown = query.replaceAll(/\p{Cc}|\p{Cs}/gu, '\u{fffd}')
  throw new QueryFault(
    shown,
    { from: control, to: control + 1 },
    'there is a control character, or half of a character',
  )
}

function skipBlanks(query: string, from: number): number {
  let at = from
  while (query[at] === ' ') at++
  return at
}

const NAME = /[A-Za-z][A-Za-z-]*:/y

function readTerm(query: string, from: number): Term {
  const negated = query[from] === '-'
  const begin = negated ? from + 1 : from
  NAME.lastIndex = begin
  const [named] = NAME.exec(query) ?? ['']
  const start = begin + named.length
  const { value, to } = query[start] === '"' ? readQuoted(query, start) : readPlain(query, start)
  const span = { from, to }
  if (value !== '') return { name: named === '' ? null : named.slice(0, -1), value, negated, span }
  throw new QueryFault(query, span, named === '' ? 'nothing is looked for' : `${named} has no value`)
}

function readPlain(query: string, from: number): { value: string; to: number } {
  const end = query.indexOf(' ', from)
  const to = end === -1 ? query.length : end
  const value = query.slice(from, to)
  const quote = value.indexOf('"')
  if (quote === -1) return { value, to }
  const place = { from: from + quote, to: from + quote + 1 }
  throw new QueryFault(
    query,
    place,
    'a quote stands inside of a word: put all of it in quotes, and \\ before this one',
  )
}

function readQuoted(query: string, from: number): { value: string; to: number } {
  let value = ''
  for (let at = from + 1; at < query.length; at++) {
    const one = query.charAt(at)
    if (one === '"') return { value, to: closed(query, at + 1) }
    if (one === '\\' && at + 1 < query.length) value += query.charAt(++at)
    else value += one
  }
  throw new QueryFault(query, { from, to: from + 1 }, 'this quote is never closed')
}

function closed(query: string, to: number): number {
  if (to === query.length || query[to] === ' ') return to
  throw new QueryFault(query, { from: to, to: to + 1 }, 'a blank is missing behind the quote')
}

import type { Term } from './parse.ts'

/** The query that conditions are read from. */
export function printQuery(terms: readonly Omit<Term, 'span'>[]): string {
  return terms.map(termText).join(' ')
}

function termText({ name, value, negated }: Omit<Term, 'span'>): string {
  return `${negated ? '-' : ''}${name === null ? '' : `${name}:`}${valueText(value, name === null)}`
}

/** A word that would be read as something else stands in quotes. */
function valueText(value: string, isText: boolean): string {
  const isPlain = /^[^ "]+$/.test(value) && !(isText && /^-|^[A-Za-z][A-Za-z-]*:/.test(value))
  return isPlain ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

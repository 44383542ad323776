import { filters } from '../api/filters.ts'

/** How many are offered at once. */
const MOST = 9

/** What can follow at the caret: filters of the list, and behind the name of one what it can be. */
export function offeredAt(page: string, query: string, caret: number): string[] {
  const known = filters[page]
  if (known === undefined) return []
  const word = wordBefore(query, caret)
  const [, not = '', name = '', value] = /^(-?)([a-z]*)(?::(\S*))?$/.exec(word) ?? []
  const offered =
    value === undefined
      ? Object.keys(known).map((one) => `${not}${one}:`)
      : (known[name] ?? []).map((one) => `${not}${name}:${one}`)
  return offered.filter((one) => one.startsWith(word) && one !== word).slice(0, MOST)
}

function wordBefore(query: string, caret: number): string {
  return /\S*$/.exec(query.slice(0, caret))?.[0] ?? ''
}

/** The query with what was chosen in it. */
export function completedWith(
  query: string,
  caret: number,
  chosen: string,
): { query: string; caret: number } {
  const from = caret - wordBefore(query, caret).length
  const text = chosen.endsWith(':') ? chosen : `${chosen} `
  return { query: query.slice(0, from) + text + query.slice(caret), caret: from + text.length }
}

import { join } from 'node:path'
import { filtersOf, queryLists } from '../../packages/orchestra/src/operate/index.ts'

export const consoleFiltersPath = join(import.meta.dirname, '../../packages/console/src/api/filters.ts')

/** What the console completes queries with: the filters of each list, by the name of its page, and what one can be, where that is known. */
export function generateConsoleFilters(): string {
  const pages = Object.entries(queryLists).map(([page, list]) => {
    const filters = Object.entries(filtersOf[list].by).map(
      ([name, { values = [] }]): [string, readonly string[]] => [name, values],
    )
    return `  ${JSON.stringify(page)}: ${JSON.stringify(Object.fromEntries(filters))},`
  })
  return `// Written by docs/generate.ts: what each list can be narrowed by, and what a filter can be where that is known.

export const filters: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
${pages.join('\n')}
}
`
}

const LEADING_NOISE = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/
/** Comments, strings, quoted names and dollar quotes: nothing inside them is SQL. */
const QUOTED = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/g
const COPY_FROM_CLIENT = /^copy\b[^;]*\bfrom\s+stdin\b[^;]*;?\s*$/i
const COPY_OF_QUERY = /^copy\s*\(/i

/** How a statement asks its client for data: `text` or `binary`; undefined when it does not, or is not alone. */
export function copyFormat(sql: string): 'text' | 'binary' | undefined {
  const start = sql.replace(LEADING_NOISE, '')
  if (!/^copy\b/i.test(start)) return undefined
  const bare = start.replace(QUOTED, '_')
  if (!COPY_FROM_CLIENT.test(bare) || COPY_OF_QUERY.test(bare)) return undefined
  return /\bbinary\b/i.test(bare) ? 'binary' : 'text'
}

/** Whether a text could hold a COPY that asks its client for data; true for more than do. */
export function mayCopyIn(sql: string): boolean {
  return /\bstdin\b/i.test(sql)
}

const LEADING_NOISE = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/
/** Comments, strings, quoted names and dollar quotes: nothing inside them is SQL. */
const QUOTED = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/g
/** What a wrapped pool sends before it, in the same text. */
const SETTINGS = /^(?:set\s+local\s+[\w.]+\s*=\s*E?_;\s*)+/i
const COPY_FROM_CLIENT = /^copy\b[^;]*\bfrom\s+stdin\b[^;]*;?\s*$/i
const COPY_OF_QUERY = /^copy\s*\(/i

/** How a statement asks its client for data: `text` or `binary`; undefined when it does not, or is not alone. */
export function copyFormat(sql: string): 'text' | 'binary' | undefined {
  if (!mayCopyIn(sql)) return undefined
  const bare = sql.replace(LEADING_NOISE, '').replace(QUOTED, '_').replace(SETTINGS, '').trimStart()
  if (!COPY_FROM_CLIENT.test(bare) || COPY_OF_QUERY.test(bare)) return undefined
  return /\bbinary\b/i.test(bare) ? 'binary' : 'text'
}

/** Whether a text could hold a COPY that asks its client for data; true for more than do. */
export function mayCopyIn(sql: string): boolean {
  return /\bstdin\b/i.test(sql)
}

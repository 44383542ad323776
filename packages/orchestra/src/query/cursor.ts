/** Where a page of a list ended that is in the order of texts, for a command line: a shell reads nothing in it. */
export function writeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** Undefined when it is none of a list that goes by so many texts. */
export function readCursor(cursor: string, count: number): string[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parts) && parts.length === count && parts.every(isStorable) ? parts : undefined
  } catch {
    return undefined
  }
}

/** Postgres takes neither a NUL nor half of a character. */
function isStorable(part: unknown): part is string {
  return typeof part === 'string' && part.isWellFormed() && !part.includes('\0')
}

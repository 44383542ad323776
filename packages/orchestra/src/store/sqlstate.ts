/** The SQLSTATE that Postgres gave an error, or what the network calls it; empty where neither did. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(codeOf(error))
}

/** SQLSTATE classes 08 (connection) and 57P0x (shutdown), a transaction that was left open, and what the network itself says. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.some(isConnectionError)
  const code = codeOf(error)
  if (code === '')
    return /^(Connection terminated|Client has encountered|timeout exceeded when)/.test(error.message)
  return /^(08...|25P03|57P0[1-3]|ECONN.*|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT)$/.test(
    code,
  )
}

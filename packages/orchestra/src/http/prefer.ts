/** How long somebody prefers to wait for an answer (RFC 7240). */
export interface Preference {
  /** He rather asks again for what became of it than waits for as long as it takes. */
  async: boolean
  /** Seconds; 0 where he said nothing. */
  wait: number
}

/** Seconds, however long somebody would wait: what is between may drop a connection on which nothing comes. */
const LONGEST_WAIT = 60

/** What is not understood of it is left out, as the standard has it. */
export function preferenceOf(header: string | string[] | undefined): Preference {
  const parts = [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim().toLowerCase())
  const waits = parts.map((part) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(part)?.[1])
  const wait = Number(waits.find((seconds) => seconds !== undefined) ?? 0)
  return { async: wait > 0 || parts.includes('respond-async'), wait: Math.min(wait, LONGEST_WAIT) }
}

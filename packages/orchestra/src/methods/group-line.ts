import { endLine, groupLinePrefix } from '../script/bootstrap.ts'

/** Digits of a process group; Linux has seven. */
const mostDigits = 10

export interface Sifted {
  /** What the script printed: nothing before the line. */
  output: Uint8Array
  /** The process group, on the one call that found it. */
  group: number | null
}

const nothing: Sifted = { output: Buffer.alloc(0), group: null }

/**
 * Finds the bootstrap's line with the process group in a job's stdout, however the bytes are cut. What stands before it is what
 * a login printed, however much, and no output of a script. At most the start of a line is held back.
 */
export class GroupLine {
  readonly #pattern: RegExp
  readonly #longest: number
  #held: Buffer = Buffer.alloc(0)
  #found = false

  constructor(runId: string) {
    const end = endLine(runId)
    const quoted = end.replace(/[^\w# ]/g, '\\$&')
    this.#pattern = new RegExp(`${groupLinePrefix}(\\d{1,${mostDigits}}) ${quoted}\\n`)
    this.#longest = groupLinePrefix.length + mostDigits + 1 + end.length + 1
  }

  sift(bytes: Uint8Array): Sifted {
    if (this.#found) return { output: bytes, group: null }
    const seen = Buffer.concat([this.#held, bytes])
    const match = this.#pattern.exec(seen.toString('latin1'))
    // Copied, so that the few bytes held back do not keep the whole chunk in memory.
    this.#held = Buffer.from(match ? [] : seen.subarray(-this.#longest))
    if (!match) return nothing
    this.#found = true
    return { output: seen.subarray(match.index + match[0].length), group: Number(match[1]) }
  }
}

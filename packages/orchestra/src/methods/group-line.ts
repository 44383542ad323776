import { endLine, groupLinePrefix } from '../script/bootstrap.ts'

/** Start-up files of a login shell may print before the bootstrap does; past this much they are not waited out. */
const longestGreeting = 64 * 1024

export interface Sifted {
  /** What the script or the login printed. */
  output: Uint8Array
  /** The process group, on the one call that found it. */
  group: number | null
}

/** Takes the bootstrap's line with the process group out of a job's stdout, however the bytes are cut. */
export class GroupLine {
  readonly #pattern: RegExp
  #seen: Buffer = Buffer.alloc(0)
  #settled = false

  constructor(runId: string) {
    const end = endLine(runId).replace(/[^\w# ]/g, '\\$&')
    this.#pattern = new RegExp(`${groupLinePrefix}(\\d+) ${end}\\n`)
  }

  sift(bytes: Uint8Array): Sifted {
    if (this.#settled) return { output: bytes, group: null }
    this.#seen = Buffer.concat([this.#seen, bytes])
    const match = this.#pattern.exec(this.#seen.toString('latin1'))
    if (match) return this.#found(match)
    const giveUp = this.#seen.length > longestGreeting
    return { output: giveUp ? this.rest() : Buffer.alloc(0), group: null }
  }

  /** What was kept back in wait of the line; the stream has ended, or no line will come. */
  rest(): Uint8Array {
    const rest = this.#seen
    this.#settled = true
    this.#seen = Buffer.alloc(0)
    return rest
  }

  #found(match: RegExpExecArray): Sifted {
    const rest = this.rest()
    const output = Buffer.concat([
      rest.subarray(0, match.index),
      rest.subarray(match.index + match[0].length),
    ])
    return { output, group: Number(match[1]) }
  }
}

import { lineFeedsIn } from './output.ts'
import { type Heard, linesIn } from './telling.ts'

/** Bytes that are kept from the beginning, and up to the end. */
const BEGINNING = 512
const END = 2_048
const LINE_FEED = 10

/** Keeps of an output, however long it is, what an error tells of it: how it began, how it ended, and how much was between. */
export class Hearing {
  #beginning = Buffer.alloc(0)
  #end = Buffer.alloc(0)
  #bytes = 0
  #lines = 0

  take(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#bytes += bytes.length
    this.#lines += lineFeedsIn(bytes)
    const room = BEGINNING - this.#beginning.length
    if (room > 0) this.#beginning = Buffer.concat([this.#beginning, bytes.subarray(0, room)])
    // Copied, so that a few bytes do not keep the whole chunk in memory.
    this.#end = Buffer.from(Buffer.concat([this.#end, bytes.subarray(-END)]).subarray(-END))
  }

  heard(): Heard {
    const unheard = this.#bytes - this.#end.length
    if (unheard <= this.#beginning.length) {
      const whole = Buffer.concat([this.#beginning.subarray(0, unheard), this.#end])
      return { first: [], last: linesIn(whole.toString()), between: 0 }
    }
    const first = this.#beginning.subarray(0, this.#beginning.lastIndexOf(LINE_FEED) + 1)
    const last = withoutRest(this.#end)
    const between = this.#lines - lineFeedsIn(first) - lineFeedsIn(last)
    return { first: linesIn(first.toString()), last: linesIn(last.toString()), between }
  }
}

/** Without the rest of a line, unless that is all there is. */
function withoutRest(end: Buffer): Buffer {
  const whole = end.subarray(end.indexOf(LINE_FEED) + 1)
  return whole.length === 0 ? end : whole
}

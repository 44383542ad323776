/** No record is longer; a marker that never ends is output. */
const longestRecord = 1024

/** What a stream with records in it is made of. */
export interface MarkedStreamHandlers {
  onBytes(bytes: Uint8Array): void
  onRecord(record: string): void
}

/**
 * A stream of any bytes with records between them. A record starts with a mark that only this script knows, stands
 * anywhere in a line, and ends with a newline. At most the start of a record is held back.
 */
export class MarkedStream {
  readonly #mark: Buffer
  readonly #handlers: MarkedStreamHandlers
  #held: Buffer = Buffer.alloc(0)

  constructor(token: string, handlers: MarkedStreamHandlers) {
    this.#mark = Buffer.from(`\x1eorchestra:${token} `)
    this.#handlers = handlers
  }

  push(bytes: Uint8Array): void {
    let rest: Buffer = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes])
    for (let at = rest.indexOf(this.#mark); at !== -1; at = rest.indexOf(this.#mark)) {
      const end = rest.indexOf(0x0a, at)
      this.#emit(rest.subarray(0, at))
      rest = rest.subarray(at)
      if (end === -1) break
      this.#handlers.onRecord(rest.toString('latin1', this.#mark.length, end - at))
      rest = rest.subarray(end - at + 1)
    }
    const cut = this.#startOfRecord(rest)
    this.#emit(rest.subarray(0, cut))
    this.#held = Buffer.from(rest.subarray(cut))
  }

  /** The stream has ended: what was held back is no record. */
  end(): void {
    this.#emit(this.#held)
    this.#held = Buffer.alloc(0)
  }

  /** Where a record that has not come whole may start; the end, where none does. */
  #startOfRecord(rest: Buffer): number {
    if (rest.subarray(0, this.#mark.length).equals(this.#mark))
      return rest.length > longestRecord ? rest.length : 0
    for (let cut = Math.max(0, rest.length - this.#mark.length + 1); cut < rest.length; cut++) {
      if (rest.subarray(cut).equals(this.#mark.subarray(0, rest.length - cut))) return cut
    }
    return rest.length
  }

  #emit(bytes: Buffer): void {
    if (bytes.length > 0) this.#handlers.onBytes(bytes)
  }
}

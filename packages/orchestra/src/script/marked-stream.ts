/** Bytes from a mark to its newline, with a path of any length among them; a marker that is longer is output. */
export const longestRecord = 8192
const newline = 0x0a

/** What a stream with records in it is made of. */
export interface MarkedStreamHandlers {
  onBytes(bytes: Uint8Array): void
  onRecord(record: string): void
}

/**
 * A stream of any bytes with records between them. A record starts with a mark that only this script knows, stands
 * anywhere in a line, and ends with a newline. At most the start of a record is held back. Each byte is looked at a fixed number of
 * times, whatever the server sends and however it is cut.
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
    const rest = this.#read(this.#held.length === 0 ? viewOf(bytes) : Buffer.concat([this.#held, bytes]))
    // Copied, so that the few bytes held back do not keep the whole chunk in memory.
    this.#held = Buffer.from(rest)
  }

  /** The stream has ended: what was held back is no record. */
  end(): void {
    this.#emit(this.#held)
    this.#held = Buffer.alloc(0)
  }

  /** Gives out what is certain and answers the rest: where a record that has not come whole may start. */
  #read(all: Buffer): Buffer {
    let given = 0
    let end = -1
    for (let at = all.indexOf(this.#mark); at !== -1; ) {
      // Looked for once and kept: many marks before one newline must not look through the same bytes again.
      if (end !== all.length && end < at) end = indexOrEnd(all, newline, at)
      if (end - at < longestRecord && end < all.length) {
        this.#emit(all.subarray(given, at))
        this.#handlers.onRecord(all.toString('latin1', at + this.#mark.length, end))
        given = end + 1
      } else if (all.length - at < longestRecord) {
        this.#emit(all.subarray(given, at))
        return all.subarray(at)
      }
      at = all.indexOf(this.#mark, Math.max(given, at + 1))
    }
    const cut = this.#startOfMark(all, given)
    this.#emit(all.subarray(given, cut))
    return all.subarray(cut)
  }

  /** Where a mark that has not come whole may start; the end, where none does. */
  #startOfMark(all: Buffer, from: number): number {
    for (let cut = Math.max(from, all.length - this.#mark.length + 1); cut < all.length; cut++) {
      if (all.subarray(cut).equals(this.#mark.subarray(0, all.length - cut))) return cut
    }
    return all.length
  }

  #emit(bytes: Buffer): void {
    if (bytes.length > 0) this.#handlers.onBytes(bytes)
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at === -1 ? bytes.length : at
}

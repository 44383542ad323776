import { OrchestraError } from '../errors.ts'

/** What becomes of a piece that is longer than it may be: only its beginning counts, or nothing of the answer does. */
export type TooLong = 'cut' | 'refuse'

/** A server answered more than any server has to say. */
export function tooMuch(what: string, most: number): OrchestraError {
  return new OrchestraError(
    'ORC_ANSWER_TOO_LARGE',
    `the server's answer is not read on: ${what} is longer than ${most} bytes`,
    {
      hint: 'See what there prints so much; a server that was taken over may do that on purpose',
    },
  )
}

/**
 * Cuts a stream of bytes into texts that end with a separator, the last one perhaps without. Each byte is copied once, however long
 * a piece is and however the stream is cut.
 */
export class Pieces {
  readonly #separator: number
  readonly #longest: number
  readonly #onLong: TooLong
  readonly #take: (text: string) => void
  #parts: Uint8Array[] = []
  #length = 0

  constructor(separator: '\0' | '\n', longest: number, onLong: TooLong, take: (text: string) => void) {
    this.#separator = separator.charCodeAt(0)
    this.#longest = longest
    this.#onLong = onLong
    this.#take = take
  }

  push(bytes: Uint8Array): void {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let start = 0
    // A search for each piece costs more than a look at each byte, where a server sends nothing but separators.
    for (let at = 0; at < all.length; at++) {
      if (all[at] !== this.#separator) continue
      this.#complete(all, start, at)
      start = at + 1
    }
    // Copied, so that the beginning of a piece does not keep the whole chunk in memory.
    this.#keep(Uint8Array.prototype.slice.call(all, start))
  }

  end(): void {
    if (this.#length > 0) this.#give()
  }

  #complete(all: Buffer, start: number, end: number): void {
    const isWhole = this.#length === 0 && end - start <= this.#longest
    if (isWhole) this.#take(all.toString('utf8', start, end))
    else {
      this.#keep(all.subarray(start, end))
      this.#give()
    }
  }

  #keep(bytes: Uint8Array): void {
    const room = this.#longest - this.#length
    if (bytes.length > room && this.#onLong === 'refuse') throw tooMuch('one of its fields', this.#longest)
    if (bytes.length === 0 || room <= 0) return
    this.#parts.push(bytes.subarray(0, room))
    this.#length += Math.min(bytes.length, room)
  }

  #give(): void {
    const parts = this.#parts
    this.#parts = []
    this.#length = 0
    this.#take(Buffer.concat(parts).toString())
  }
}

/** All bytes of a stream, up to a bound. */
export class BoundedBytes {
  readonly #most: number
  readonly #what: string
  #parts: Uint8Array[] = []
  #length = 0

  /** @param what `the list of its trash` */
  constructor(most: number, what: string) {
    this.#most = most
    this.#what = what
  }

  /** @throws OrchestraError ORC_ANSWER_TOO_LARGE */
  push(bytes: Uint8Array): void {
    this.#length += bytes.length
    if (this.#length > this.#most) throw tooMuch(this.#what, this.#most)
    this.#parts.push(Uint8Array.from(bytes))
  }

  end(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** The last bytes of a stream. */
export class LastBytes {
  readonly #most: number
  #parts: Uint8Array[] = []
  #length = 0

  constructor(most: number) {
    this.#most = most
  }

  push(bytes: Uint8Array): void {
    const last = Uint8Array.from(bytes.subarray(-this.#most))
    this.#parts.push(last)
    this.#length += last.length
    // Trimmed now and then, so that many small chunks are not copied again and again.
    if (this.#length > 2 * this.#most) this.#trim()
  }

  end(): Buffer {
    this.#trim()
    return Buffer.concat(this.#parts)
  }

  #trim(): void {
    const kept = Buffer.from(Buffer.concat(this.#parts).subarray(-this.#most))
    this.#parts = [kept]
    this.#length = kept.length
  }
}

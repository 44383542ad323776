/** Frames this large make the process that takes one apart cost next to nothing. */
const FRAME_BYTES = 1024 * 1024

/**
 * Cuts a stream into frames, a line with a size before each: the reader knows that data broke off where a frame, or the last
 * line, does not come. A frame is one buffer, however small the pieces are that a server sends.
 */
export class Framer {
  #frame: Buffer = Buffer.allocUnsafe(FRAME_BYTES)
  #size = 0

  /** What can be sent on now. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const full: Uint8Array[] = []
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + FRAME_BYTES - this.#size)
      this.#frame.set(piece, this.#size)
      this.#size += piece.length
      at += piece.length
      if (this.#size === FRAME_BYTES) full.push(...this.#take())
    }
    return full
  }

  /** The rest, and the word that all of it came. */
  end(): readonly Uint8Array[] {
    return [...(this.#size > 0 ? this.#take() : []), Buffer.from('end\n')]
  }

  #take(): readonly Uint8Array[] {
    const frame = [Buffer.from(`${this.#size}\n`), this.#frame.subarray(0, this.#size)]
    this.#frame = Buffer.allocUnsafe(FRAME_BYTES)
    this.#size = 0
    return frame
  }
}

/** Whether a mark stands anywhere in an output, however it is cut. */
export class MarkSearch {
  readonly #mark: Buffer
  #held: Buffer = Buffer.alloc(0)
  isFound = false

  constructor(mark: Buffer) {
    this.#mark = mark
  }

  push(bytes: Uint8Array): void {
    if (this.isFound) return
    const seen = Buffer.concat([this.#held, bytes])
    this.isFound = seen.includes(this.#mark)
    this.#held = Buffer.from(seen.subarray(Math.max(0, seen.length - this.#mark.length + 1)))
  }
}

/** Takes the mark off the end of an output, which is whole when it was there. */
export class MarkedOutput {
  readonly #mark: Buffer
  #held: Buffer = Buffer.alloc(0)

  constructor(mark: Buffer) {
    this.#mark = mark
  }

  /** What is certainly no part of the mark. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const passing = Math.max(0, this.#held.length + bytes.length - this.#mark.length)
    const ofHeld = Math.min(passing, this.#held.length)
    const passed = [this.#held.subarray(0, ofHeld), bytes.subarray(0, passing - ofHeld)]
    this.#held = Buffer.concat([this.#held.subarray(ofHeld), bytes.subarray(passing - ofHeld)])
    return passed.filter((piece) => piece.length > 0)
  }

  get isWhole(): boolean {
    return this.#held.equals(this.#mark)
  }
}

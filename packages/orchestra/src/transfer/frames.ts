/** Frames this large make the process that takes one apart cost next to nothing. */
const FRAME_BYTES = 1024 * 1024

/**
 * Cuts a stream into frames, a line with a size before each: the reader knows that data broke off where a frame, or the last
 * line, does not come.
 */
export class Framer {
  #pieces: Uint8Array[] = []
  #size = 0

  /** What can be sent on now. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    this.#pieces.push(bytes)
    this.#size += bytes.length
    return this.#size < FRAME_BYTES ? [] : this.#take()
  }

  /** The rest, and the word that all of it came. */
  end(): readonly Uint8Array[] {
    return [...(this.#size > 0 ? this.#take() : []), Buffer.from('end\n')]
  }

  #take(): readonly Uint8Array[] {
    const frame = [Buffer.from(`${this.#size}\n`), ...this.#pieces]
    this.#pieces = []
    this.#size = 0
    return frame
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

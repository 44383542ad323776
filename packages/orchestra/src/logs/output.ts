/** Output of one stream and one operation (null: the script as a whole), as it came. */
export interface OutputChunk {
  sequence: number
  stream: OutputStream
  position: number | null
  data: Buffer
}

/** One as the store has it. */
export interface StoredChunk extends OutputChunk {
  /** When it was stored, ISO 8601. */
  at: string
}

export type OutputStream = 'stdout' | 'stderr'

/** Bytes and line feeds before a place in an output. */
export interface Extent {
  bytes: number
  lines: number
}

/** A chunk that knows what is before it: in the whole output, and in its own stream. */
export interface PlacedChunk extends OutputChunk {
  before: Extent
  beforeInStream: Extent
}

/** A chunk that is cut by size is cut here. */
export const CHUNK_BYTES = 65_536
/** What a row costs beside its data, so that many tiny chunks count too. */
const CHUNK_OVERHEAD = 100
const SMALLEST_BUFFER = 64

interface OpenChunk {
  sequence: number
  stream: OutputStream
  position: number | null
  bytes: Buffer
  length: number
  before: Extent
  beforeInStream: Extent
}

/** Output that waits to be stored: pieces of one stream and operation grow together into chunks, in the order they came. */
export class PendingOutput {
  #chunks: OpenChunk[] = []
  #nextSequence = 0
  #size = 0
  readonly #all: Extent = { bytes: 0, lines: 0 }
  readonly #streams: Record<OutputStream, Extent> = {
    stdout: { bytes: 0, lines: 0 },
    stderr: { bytes: 0, lines: 0 },
  }

  /** Bytes that wait, and what their rows cost. */
  get size(): number {
    return this.#size
  }

  /** Chunks that were opened so far. */
  get opened(): number {
    return this.#nextSequence
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  add(stream: OutputStream, position: number | null, bytes: Buffer): void {
    for (let start = 0; start < bytes.length; ) {
      const chunk = this.#chunkFor(stream, position)
      const room = CHUNK_BYTES - chunk.length
      const end = bytes.length - start <= room ? bytes.length : characterStart(bytes, start, start + room)
      this.#append(chunk, bytes.subarray(start, end))
      this.#size += end - start
      start = end
      if (start < bytes.length) this.#open(stream, position)
    }
  }

  /** The oldest chunks, about `limit` bytes of them. */
  take(limit: number): PlacedChunk[] {
    let taken = 0
    let count = 0
    while (count < this.#chunks.length && taken < limit) taken += costOf(this.#chunks[count++] as OpenChunk)
    this.#size -= taken
    return this.#chunks.splice(0, count).map(closed)
  }

  clear(): void {
    this.#chunks = []
    this.#size = 0
  }

  #chunkFor(stream: OutputStream, position: number | null): OpenChunk {
    const last = this.#chunks.at(-1)
    if (last?.stream === stream && last.position === position && last.length < CHUNK_BYTES) return last
    return this.#open(stream, position)
  }

  #append(chunk: OpenChunk, bytes: Buffer): void {
    append(chunk, bytes)
    const lines = lineFeedsIn(bytes)
    for (const extent of [this.#all, this.#streams[chunk.stream]]) {
      extent.bytes += bytes.length
      extent.lines += lines
    }
  }

  #open(stream: OutputStream, position: number | null): OpenChunk {
    const chunk = {
      sequence: this.#nextSequence++,
      stream,
      position,
      bytes: Buffer.alloc(0),
      length: 0,
      before: { ...this.#all },
      beforeInStream: { ...this.#streams[stream] },
    }
    this.#chunks.push(chunk)
    this.#size += CHUNK_OVERHEAD
    return chunk
  }
}

function append(chunk: OpenChunk, bytes: Buffer): void {
  const length = chunk.length + bytes.length
  if (length > chunk.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(
      Math.min(CHUNK_BYTES, Math.max(SMALLEST_BUFFER, length, chunk.length * 2)),
    )
    chunk.bytes.copy(larger, 0, 0, chunk.length)
    chunk.bytes = larger
  }
  bytes.copy(chunk.bytes, chunk.length)
  chunk.length = length
}

/** The last place up to `end` where a UTF-8 character begins, so that a cut by size never splits one. */
function characterStart(bytes: Buffer, start: number, end: number): number {
  for (let at = end; at > start && at > end - 4; at--) if (((bytes[at] as number) & 0xc0) !== 0x80) return at
  return end
}

function costOf(chunk: OpenChunk): number {
  return chunk.length + CHUNK_OVERHEAD
}

function closed({ bytes, length, ...chunk }: OpenChunk): PlacedChunk {
  return { ...chunk, data: bytes.subarray(0, length) }
}

const LINE_FEED = 10

export function lineFeedsIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1
  return count
}

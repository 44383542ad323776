import type { Queryable } from '../store/index.ts'
import { type Extent, lineFeedsIn } from './output.ts'
import { chunksFrom, outputExtent } from './parts.ts'
import { readLog } from './reader.ts'

/** Where a text stands in an output. */
export interface Occurrence {
  /** The line that it begins in; the first is 1. */
  line: number
  /** Bytes before it. */
  offset: number
}

export interface Occurrences {
  positions: Occurrence[]
  /** All of them, also those that are not told one by one. */
  total: number
  /** Whether only the beginning of the output was searched. */
  truncated: boolean
  /** Bytes that were searched, of so many. */
  searched: number
  size: number
}

/** Bytes that one answer looks through. */
const MOST_SEARCHED = 256 * 1024 * 1024

/**
 * Looks for a text in the output of a log, byte for byte. What it does not look through it says.
 * @throws OrchestraError ORC_LOG_UNKNOWN
 */
export async function findInOutput(
  store: Queryable,
  logId: number,
  { text, limit, from = 0 }: { text: string; limit: number; from?: number | undefined },
): Promise<Occurrences> {
  await readLog(store, logId)
  const { bytes: size } = await outputExtent(store, logId)
  const finder = new Finder(Buffer.from(text), limit, from)
  let searched = 0
  for await (const { chunk, before } of chunksFrom(store, logId, {}, 'bytes', from)) {
    finder.take(chunk.data, before)
    searched = before.bytes + chunk.data.length - from
    if (searched >= MOST_SEARCHED) break
  }
  const { positions, total } = finder
  return { positions, total, truncated: from + searched < size, searched: Math.max(0, searched), size }
}

/** Looks through pieces that follow each other: a text may be cut in two. */
class Finder {
  readonly #text: Buffer
  readonly #limit: number
  /** Bytes before which nothing is looked for: also where the last one that was found ended. */
  #from: number
  /** The end of what came, in which the text may begin. */
  #rest: Buffer = Buffer.alloc(0)
  readonly positions: Occurrence[] = []
  total = 0

  constructor(text: Buffer, limit: number, from: number) {
    this.#text = text
    this.#limit = limit
    this.#from = from
  }

  take(data: Buffer, before: Extent): void {
    const piece = Buffer.concat([this.#rest, data])
    const begin = before.bytes - this.#rest.length
    let line = before.lines - lineFeedsIn(this.#rest) + 1
    let counted = 0
    for (;;) {
      const at = piece.indexOf(this.#text, Math.max(0, this.#from - begin))
      if (at === -1) break
      line += lineFeedsIn(piece.subarray(counted, at))
      counted = at
      this.#note({ line, offset: begin + at })
      this.#from = begin + at + this.#text.length
    }
    this.#rest = Buffer.from(piece.subarray(Math.max(0, piece.length - this.#text.length + 1)))
  }

  #note(found: Occurrence): void {
    this.total++
    if (this.positions.length < this.#limit) this.positions.push(found)
  }
}

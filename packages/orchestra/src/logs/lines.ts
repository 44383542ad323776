import type { Queryable, Store } from '../store/index.ts'
import { followLog } from './feed.ts'
import { lineFeedsIn, type OutputStream } from './output.ts'
import { chunksFrom, type OutputPart, outputExtent, type Placed, startOfLine } from './parts.ts'
import { readLog } from './reader.ts'

/** One line of an output, without its line feed. */
export interface LogLine {
  /** The first is 1. */
  n: number
  /** Bytes before it. */
  offset: number
  /** Where its first byte came from. */
  stream: OutputStream
  /** About when it came, ISO 8601: what was stored at once has one time. */
  at: string
  text: string
  /** Whether there is more of it than is told. */
  cut: boolean
}

/** Some lines of an output, and how much there is of it now. */
export interface LogLines {
  lines: LogLine[]
  /** Bytes. */
  size: number
  /** Lines; what follows the last line feed counts as one. */
  total: number
  /** Whether nothing more will come. */
  ended: boolean
}

/** Bytes of one answer. */
const MOST_BYTES = 1024 * 1024
/** Bytes that are told of one line. */
const LONGEST_LINE = 65_536

/** @throws OrchestraError ORC_LOG_UNKNOWN */
export async function readLogLines(
  store: Queryable,
  logId: number,
  asked: OutputPart & ({ from: number; count: number } | { tail: number }),
): Promise<LogLines> {
  // Ended first: what is counted then is all there is.
  const { endedAt } = await readLog(store, logId)
  const { bytes: size, lines: total } = await outputExtent(store, logId, asked)
  const range = 'tail' in asked ? lastLines(total, asked.tail) : asked
  const lines = range.count === 0 ? [] : await linesFrom(store, logId, asked, range)
  return { lines, size, total, ended: endedAt !== null }
}

function lastLines(total: number, tail: number): { from: number; count: number } {
  const count = Math.min(tail, total)
  return { from: total - count + 1, count }
}

/** A line that is being put together. */
interface OpenLine {
  n: number
  offset: number
  stream: OutputStream
  at: string
  parts: Buffer[]
  length: number
}

async function linesFrom(
  store: Queryable,
  logId: number,
  part: OutputPart,
  { from, count }: { from: number; count: number },
): Promise<LogLine[]> {
  const lines: LogLine[] = []
  const cutter = new LineCutter(from)
  for await (const placed of chunksFrom(store, logId, part, 'lines', from - 1)) {
    lines.push(...cutter.take(placed))
    if (lines.length >= count || cutter.told >= MOST_BYTES) return lines.slice(0, count)
  }
  return [...lines, ...cutter.rest()].slice(0, count)
}

/** Lines from one on as they come, live until the log ends: some at a time, each whole; the last when it ends, if it has no line feed. */
export async function* followLogLines(
  store: Store,
  logId: number,
  { from, signal }: { from: number; signal: AbortSignal },
): AsyncGenerator<LogLine[], void, undefined> {
  const start = await startOfLine(store, logId, from)
  const cutter = new LineCutter(from)
  let before = start.before
  for await (const chunk of followLog(store, logId, { from: start.sequence, signal })) {
    const lines = cutter.take({ chunk, before })
    before = { bytes: before.bytes + chunk.data.length, lines: before.lines + lineFeedsIn(chunk.data) }
    if (lines.length > 0) yield lines
  }
  const last = signal.aborted ? [] : cutter.rest()
  if (last.length > 0) yield last
}

/** Makes lines of chunks that follow each other. */
class LineCutter {
  readonly #from: number
  #open: OpenLine | undefined
  /** Bytes that were kept. */
  told = 0

  constructor(from: number) {
    this.#from = from
  }

  /** The lines that end in a chunk. */
  take({ chunk, before }: Placed): LogLine[] {
    const lines: LogLine[] = []
    let n = before.lines + 1
    for (let start = 0; start < chunk.data.length; n++) {
      const found = chunk.data.indexOf('\n', start)
      const end = found === -1 ? chunk.data.length : found
      if (n >= this.#from) {
        this.#open ??= {
          n,
          offset: before.bytes + start,
          stream: chunk.stream,
          at: chunk.at,
          parts: [],
          length: 0,
        }
        this.told += append(this.#open, chunk.data.subarray(start, end))
      }
      if (found === -1) break
      lines.push(...this.rest())
      start = found + 1
    }
    return lines
  }

  /** What has no line feed yet. */
  rest(): LogLine[] {
    const open = this.#open
    this.#open = undefined
    return open === undefined ? [] : [closed(open)]
  }
}

/** Answers how many bytes of it were kept. */
function append(line: OpenLine, data: Buffer): number {
  const kept = data.subarray(0, Math.max(0, LONGEST_LINE - line.length))
  if (kept.length > 0) line.parts.push(kept)
  line.length += data.length
  return kept.length
}

function closed({ parts, length, ...line }: OpenLine): LogLine {
  return { ...line, text: Buffer.concat(parts).toString(), cut: length > LONGEST_LINE }
}

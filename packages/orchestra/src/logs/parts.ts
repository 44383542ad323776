import type { Queryable } from '../store/index.ts'
import { type Extent, lineFeedsIn, type OutputChunk, type OutputStream, type StoredChunk } from './output.ts'
import { readOutput, unknownLog } from './reader.ts'

/** Part of the output of a log, without reading all of it. Lines end with a line feed; `\r` is part of a line. */
export interface OutputPart {
  /** One stream, with positions counted in it alone; default both, in the order they came. */
  stream?: OutputStream
}

type Unit = keyof Extent

/** How many bytes are stored now, and how many lines; what follows the last line feed counts as one. */
export async function outputExtent(store: Queryable, logId: number, part: OutputPart = {}): Promise<Extent> {
  const end = await endOf(store, logId, part)
  if (end.bytes === 0) return { bytes: 0, lines: 0 }
  const [last] = await collect(readRange(store, logId, { ...part, from: end.bytes - 1 }))
  return { bytes: end.bytes, lines: end.lines + (lineFeedsIn(last?.data ?? Buffer.alloc(0)) === 0 ? 1 : 0) }
}

/** Bytes from the one numbered `from` (the first is 0) up to `to`, which is none of them. */
export async function* readRange(
  store: Queryable,
  logId: number,
  part: OutputPart & { from: number; to?: number },
): AsyncGenerator<OutputChunk, void, undefined> {
  const { from, to = Number.POSITIVE_INFINITY } = part
  for await (const { chunk, before } of chunksFrom(store, logId, part, 'bytes', from)) {
    if (before.bytes >= to) return
    const data = chunk.data.subarray(Math.max(0, from - before.bytes), to - before.bytes)
    if (data.length > 0) yield { ...chunk, data }
  }
}

/** So many whole lines from the one numbered `from`, the first of which is 1. */
export async function* readLines(
  store: Queryable,
  logId: number,
  part: OutputPart & { from: number; count?: number },
): AsyncGenerator<OutputChunk, void, undefined> {
  const first = part.from - 1
  const behind = first + (part.count ?? Number.POSITIVE_INFINITY)
  for await (const { chunk, before } of chunksFrom(store, logId, part, 'lines', first)) {
    if (before.lines >= behind) return
    const start = lineStart(chunk.data, first - before.lines)
    const data = chunk.data.subarray(start, lineStart(chunk.data, behind - before.lines))
    if (data.length > 0) yield { ...chunk, data }
  }
}

/** The last lines; or the last bytes, from where a character begins. */
export async function* readTail(
  store: Queryable,
  logId: number,
  part: OutputPart & ({ lines: number } | { bytes: number }),
): AsyncGenerator<OutputChunk, void, undefined> {
  const { bytes, lines } = await outputExtent(store, logId, part)
  if ('lines' in part) {
    yield* readLines(store, logId, { ...part, from: Math.max(0, lines - part.lines) + 1 })
    return
  }
  const from = Math.max(0, bytes - part.bytes)
  yield* from === 0
    ? readRange(store, logId, { ...part, from })
    : withoutRest(readRange(store, logId, { ...part, from }))
}

/** Without the rest of a character that the cut went through. */
async function* withoutRest(
  chunks: AsyncIterable<OutputChunk>,
): AsyncGenerator<OutputChunk, void, undefined> {
  let hasBegun = false
  for await (const chunk of chunks) {
    const start: number = hasBegun ? 0 : restOfCharacter(chunk.data)
    hasBegun ||= start < chunk.data.length
    if (start < chunk.data.length) yield { ...chunk, data: chunk.data.subarray(start) }
  }
}

/** A character has at most three bytes that do not begin one. */
function restOfCharacter(bytes: Buffer): number {
  let count = 0
  while (count < Math.min(3, bytes.length) && ((bytes[count] as number) & 0xc0) === 0x80) count += 1
  return count
}

/** Where a line begins in a chunk that so many line feeds before it are in; its end when there are fewer. */
function lineStart(bytes: Buffer, lineFeeds: number): number {
  if (lineFeeds <= 0) return 0
  if (lineFeeds === Number.POSITIVE_INFINITY) return bytes.length
  let at = 0
  for (let left = lineFeeds; left > 0; left--) {
    const found = bytes.indexOf('\n', at)
    if (found === -1) return bytes.length
    at = found + 1
  }
  return at
}

export interface Placed {
  chunk: StoredChunk
  before: Extent
}

/** Chunks from the one that holds a place on, each with what is before it. */
export async function* chunksFrom(
  store: Queryable,
  logId: number,
  { stream }: OutputPart,
  unit: Unit,
  place: number,
): AsyncGenerator<Placed, void, undefined> {
  const start = await findStart(store, logId, stream, unit, place)
  let before = start.before
  const filter = stream === undefined ? {} : { stream }
  for await (const chunk of readOutput(store, logId, { ...filter, from: start.sequence })) {
    yield { chunk, before }
    before = { bytes: before.bytes + chunk.data.length, lines: before.lines + lineFeedsIn(chunk.data) }
  }
}

/** All that is stored, counted: by what the last chunk knows, or from the beginning where it is older than that. */
async function endOf(store: Queryable, logId: number, { stream }: OutputPart): Promise<Extent> {
  const start = await findStart(store, logId, stream, 'bytes', Number.MAX_SAFE_INTEGER)
  const filter = stream === undefined ? {} : { stream }
  const end = { ...start.before }
  for await (const { data } of readOutput(store, logId, { ...filter, from: start.sequence })) {
    end.bytes += data.length
    end.lines += lineFeedsIn(data)
  }
  return end
}

/** Where to begin to read, so that a line is in what comes first. */
export function startOfLine(
  store: Queryable,
  logId: number,
  line: number,
): Promise<{ sequence: number; before: Extent }> {
  return findStart(store, logId, undefined, 'lines', line - 1)
}

async function findStart(
  store: Queryable,
  logId: number,
  stream: OutputStream | undefined,
  unit: Unit,
  place: number,
): Promise<{ sequence: number; before: Extent }> {
  const [log] = await store.query('select from orchestra.log where id = $1', [logId])
  if (log === undefined) throw unknownLog(logId)
  // The line feed that a line begins behind is in the chunk before, or it is the last of that chunk.
  const most = unit === 'lines' ? place - 1 : place
  const [found] = await store.query<{ sequence: number; bytes: number; lines: number }>(
    search(stream, unit),
    [logId, most],
  )
  if (found === undefined || most < 0) return { sequence: 0, before: { bytes: 0, lines: 0 } }
  return { sequence: found.sequence, before: { bytes: found.bytes, lines: found.lines } }
}

/** What is before a chunk: of its own stream it knows, and of the other one by what it knows of both. */
function beforeIn(stream: OutputStream | undefined, unit: Unit): string {
  const column = unit === 'bytes' ? 'byte_at' : 'line_at'
  if (stream === undefined) return column
  const number = stream === 'stdout' ? 1 : 2
  return `case when stream = ${number} then stream_${column} else ${column} - stream_${column} end`
}

/** Halves the chunks of a log, by the key, until the last is found that has at most so much before it. Nothing where one does not know. */
function search(stream: OutputStream | undefined, unit: Unit): string {
  return `
with recursive search(low, high, steps) as (
  select 0, max(sequence), 0 from orchestra.log_chunk where log_id = $1 having max(sequence) is not null
  union all
  select case when probe.amount <= $2 then probe.middle else low end,
    case when probe.amount <= $2 then high else probe.middle - 1 end, steps + 1
  from search cross join lateral (
    select sequence as middle, ${beforeIn(stream, unit)} as amount from orchestra.log_chunk
    where log_id = $1 and sequence = (low + high + 1) / 2
  ) as probe
  where low < high and probe.amount is not null
)
select sequence, ${beforeIn(stream, 'bytes')} as bytes, ${beforeIn(stream, 'lines')} as lines
from search join orchestra.log_chunk on log_id = $1 and sequence = low
where low = high and byte_at is not null`
}

async function collect(chunks: AsyncIterable<OutputChunk>): Promise<OutputChunk[]> {
  const all: OutputChunk[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

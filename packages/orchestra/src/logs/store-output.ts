import { tell } from '../events/index.ts'
import type { Outcome } from '../operations/outcome.ts'
import { often, type Queryable, ring, storable } from '../store/index.ts'
import type { PlacedChunk } from './output.ts'
import type { EndState } from './state.ts'

export interface OperationEnd {
  /** Index of the operation in the script. */
  position: number
  outcome: Outcome
  exitCode?: number | null
  changed?: boolean | null
  error?: string | null
}

export interface LogEnd {
  state: EndState
  exitCode?: number | null
  error?: string | null
  operations?: readonly OperationEnd[]
}

/** What a writer knows at the end and has not stored yet. */
export interface RestOfLog {
  chunks: readonly PlacedChunk[]
  /** All bytes that came, stored or not. */
  outputBytes: number
  /** Milliseconds since the script began to run; null when it never did. */
  startedAgo: number | null
}

/** Stores chunks, marks the log STARTED when it has begun, and wakes the watchers. Storing the same again changes nothing. */
export async function storeOutput(
  store: Queryable,
  logId: number,
  chunks: readonly PlacedChunk[],
  startedAgo: number | null,
): Promise<void> {
  await store.query(often(STORE), [logId, ...columnsOf(chunks), startedAgo, ...placesOf(chunks)])
  await ring(store, 'orchestra_log', String(logId))
}

/**
 * Ends a log, with the rest of its output if a writer has some. A log ends once: answers false when it had ended before, and
 * then nothing of this end is kept.
 */
export async function finishLog(
  tx: Queryable,
  logId: number,
  end: LogEnd,
  rest?: RestOfLog,
): Promise<boolean> {
  const operations = (end.operations ?? []).map((operation) => ({
    ...operation,
    error: storable(operation.error),
  }))
  const [row] = await tx.query<{ ended: boolean }>(often(FINISH), [
    logId,
    ...columnsOf(rest?.chunks ?? []),
    rest?.startedAgo ?? null,
    rest?.outputBytes ?? null,
    end.state,
    end.exitCode ?? null,
    storable(end.error),
    JSON.stringify(operations),
    ...placesOf(rest?.chunks ?? []),
  ])
  await ring(tx, 'orchestra_log', String(logId))
  return row?.ended === true
}

/** All data in one parameter and cut apart there: arrays of bytes travel as text, twice as long. */
function columnsOf(
  chunks: readonly PlacedChunk[],
): [Buffer, number[], number[], (number | null)[], number[], number[]] {
  const sizes = chunks.map((chunk) => chunk.data.length)
  return [
    Buffer.concat(chunks.map((chunk) => chunk.data)),
    chunks.map((chunk) => chunk.sequence),
    chunks.map((chunk) => (chunk.stream === 'stdout' ? 1 : 2)),
    chunks.map((chunk) => chunk.position),
    startsOf(sizes),
    sizes,
  ]
}

function placesOf(chunks: readonly PlacedChunk[]): number[][] {
  return [
    chunks.map(({ before }) => before.bytes),
    chunks.map(({ before }) => before.lines),
    chunks.map(({ beforeInStream }) => beforeInStream.bytes),
    chunks.map(({ beforeInStream }) => beforeInStream.lines),
  ]
}

/** Where each piece begins, counted from 1 as SQL does. */
function startsOf(sizes: readonly number[]): number[] {
  let next = 1
  return sizes.map((size) => {
    next += size
    return next - size
  })
}

const OPEN = 'exists (select from orchestra.log where id = $1 and ended_at is null)'

/** @param places number of the first of the four parameters that say what is before each chunk */
function insertChunks(places: number): string {
  const arrays = [0, 1, 2, 3].map((nth) => `$${places + nth}::bigint[]`)
  return `
  insert into orchestra.log_chunk
    (log_id, sequence, stream, position, data, byte_at, line_at, stream_byte_at, stream_line_at)
  select $1::bigint, chunk.sequence, chunk.stream, chunk.position,
    substring($2::bytea from chunk.start for chunk.size), byte_at, line_at, stream_byte_at, stream_line_at
  from unnest($3::integer[], $4::smallint[], $5::integer[], $6::integer[], $7::integer[], ${arrays.join(', ')})
    as chunk (sequence, stream, position, start, size, byte_at, line_at, stream_byte_at, stream_line_at)
  where ${OPEN}
  on conflict do nothing`
}

const STORE = `
with stored as (${insertChunks(9)}
)
update orchestra.log set state = 'STARTED', started_at = clock_timestamp() - $8::integer * interval '1 millisecond'
where id = $1 and state = 'RECEIVED' and $8::integer is not null`

/** What is not given here has been noted before. */
const OUTCOMES = `coalesce(
  (select jsonb_object_agg(outcome, count) from (
    select outcome, count(*) as count from jsonb_to_recordset($13::jsonb) as result (outcome text) group by outcome
  ) as counted),
  (select jsonb_object_agg(outcome, count) from (
    select outcome, count(*) as count from orchestra.log_operation
    where log_id = $1 and outcome is not null group by outcome
  ) as counted), '{}')`

const ENDED = tell(
  'script-ended',
  { log: 'id', server: 'server_id', backend: 'backend', state: 'state', outcomes: OUTCOMES },
  'ended',
)

const FINISH = `
with stored as (${insertChunks(14)}
), results as (
  update orchestra.log_operation as operation
  set outcome = result.outcome, exit_code = result."exitCode", changed = result.changed, error = result.error
  from jsonb_to_recordset($13::jsonb)
    as result (position integer, outcome text, "exitCode" integer, changed boolean, error text)
  where operation.log_id = $1 and operation.position = result.position and ${OPEN}
), ended as (
  update orchestra.log set
    state = $10, exit_code = $11, error = $12, ended_at = clock_timestamp(),
    started_at = coalesce(started_at, clock_timestamp() - $8::integer * interval '1 millisecond'),
    chunks = cardinality($3::integer[]) + (select count(*) from orchestra.log_chunk where log_id = $1),
    output_bytes = coalesce($9::bigint,
      (select sum(octet_length(data)) from orchestra.log_chunk where log_id = $1), 0)
  where id = $1 and ended_at is null
  returning id, server_id, backend, state
), told as (
  ${ENDED}
)
select exists (select from ended) as ended`

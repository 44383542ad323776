import { OrchestraError } from '../errors.ts'
import { latestUnit } from '../operations/of-unit.ts'
import type { Outcome } from '../operations/outcome.ts'
import type { Queryable } from '../store/index.ts'
import { isoTime } from './iso-time.ts'
import type { OutputChunk, OutputStream, StoredChunk } from './output.ts'
import type { LogState } from './state.ts'

/** One run of one script on one server. Times are ISO 8601. */
export interface LogSummary {
  id: number
  runId: string
  server: string
  backend: string
  method: string
  state: LogState
  attempt: number
  fence: number
  exitCode: number | null
  error: string | null
  /** Operations of it that did not succeed, and why the first of them did not. */
  failed: number
  firstError: string | null
  scriptBytes: number
  /** Known when the log has ended. */
  outputBytes: number
  createdAt: string
  startedAt: string | null
  endedAt: string | null
}

export interface LoggedOperation {
  id: number
  /** Index in the script. */
  position: number
  action: string
  /** `model:key` */
  object: string
  unitId: string
  outcome: Outcome | null
  exitCode: number | null
  changed: boolean | null
  error: string | null
}

export interface LogRecord extends LogSummary {
  operations: LoggedOperation[]
}

export interface OutputFilter {
  /** First sequence number to read. */
  from?: number
  stream?: OutputStream
  /** Index of an operation in the script; null reads what belongs to none. */
  position?: number | null
}

/** Pages keep memory constant however long the output is: at most so many bytes (and one chunk), at most so many chunks. */
const PAGE_BYTES = 1024 * 1024
const PAGE_CHUNKS = 500

/** @throws OrchestraError ORC_LOG_UNKNOWN */
export async function readLog(store: Queryable, id: number): Promise<LogRecord> {
  const [summary] = await store.query<LogSummary>(
    `select ${SUMMARY_COLUMNS} from ${SUMMARY_TABLES} where log.id = $1`,
    [id],
  )
  if (summary === undefined) throw unknownLog(id)
  return { ...summary, operations: await store.query<LoggedOperation>(OPERATIONS, [id]) }
}

/** The masked script. */
export async function readScript(store: Queryable, id: number): Promise<string> {
  const [row] = await store.query<{ script: string }>('select script from orchestra.log where id = $1', [id])
  if (row === undefined) throw unknownLog(id)
  return row.script
}

/** What is stored now, in the order it came. */
export async function* readOutput(
  store: Queryable,
  id: number,
  filter: OutputFilter = {},
): AsyncGenerator<StoredChunk, void, undefined> {
  for (let from = filter.from ?? 0; ; ) {
    const chunks = await store.query<StoredChunk>(CHUNKS, [
      id,
      from,
      filter.stream === undefined ? null : filter.stream === 'stdout' ? 1 : 2,
      filter.position !== undefined,
      filter.position ?? null,
    ])
    yield* chunks
    const last = chunks.at(-1)
    if (last === undefined || !isFullPage(chunks)) return
    from = last.sequence + 1
  }
}

export function unknownLog(id: number): OrchestraError {
  return new OrchestraError('ORC_LOG_UNKNOWN', `There is no log ${id}`, {
    hint: '`orchestra log list` shows the logs that are kept',
  })
}

const HAS_FAILED = `part.outcome not in ('success', 'nothing')`

/** Once for both columns: each part of a log's operations is planned with all of its ranges. */
export const SUMMARY_TABLES = `orchestra.log join orchestra.server on server.id = log.server_id
cross join lateral (
  select count(*) as count, (array_agg(part.error order by part.position))[1] as "firstError"
  from orchestra.log_operation part where part.log_id = log.id and ${HAS_FAILED}
) as failed`

export const SUMMARY_COLUMNS = `
  log.id, log.run_id as "runId", server.name as server, log.backend, log.method, log.state, log.attempt, log.fence,
  log.exit_code as "exitCode", log.error,
  failed.count as failed, failed."firstError", log.script_bytes as "scriptBytes", log.output_bytes as "outputBytes",
  ${isoTime('log.created_at')} as "createdAt", ${isoTime('log.started_at')} as "startedAt",
  ${isoTime('log.ended_at')} as "endedAt"`

const OPERATIONS = `
select operation.id, listed.position, operation.action, operation.model || ':' || operation.object_key as object,
  ${latestUnit('operation')} as "unitId", listed.outcome, listed.exit_code as "exitCode", listed.changed, listed.error
from orchestra.log_operation as listed
join orchestra.operation on operation.id = listed.operation_id
where listed.log_id = $1
order by listed.position`

const CHUNKS = chunkPage(`
  log_id = $1 and sequence >= $2
  and ($3::smallint is null or stream = $3)
  and (not $4::boolean or position is not distinct from $5::integer)`)

/** A query for the first page of the chunks that fit `condition`. */
export function chunkPage(condition: string): string {
  return `
select sequence, case stream when 1 then 'stdout' else 'stderr' end as stream, position, data, ${isoTime('at')} as at
from (
  select *, sum(octet_length(data)) over (order by sequence) - octet_length(data) as bytes_before
  from (
    select sequence, stream, position, data, at from orchestra.log_chunk where ${condition}
    order by sequence limit ${PAGE_CHUNKS}
  ) as candidate
) as chunk
where bytes_before < ${PAGE_BYTES}
order by sequence`
}

/** True when more may follow: a page is cut by its chunks or by its bytes. */
export function isFullPage(chunks: readonly OutputChunk[]): boolean {
  if (chunks.length === PAGE_CHUNKS) return true
  return chunks.reduce((bytes, chunk) => bytes + chunk.data.length, 0) >= PAGE_BYTES
}

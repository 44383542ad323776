import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import { parseExactJson } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import type { Asker, RequestSummary, RequestView } from './request.ts'

/** A worker may be late by so much before it is called silent. */
const SUMMARY = `
r.id, r.verb, r.asker ->> 'name' as by, r.state,
case
  when r.ended_at is not null then null
  when r.cancelled_by is not null then 'cancelling'
  when r.state = 'running' and r.lease_until < now() then 'worker-silent'
  when r.state = 'running' then null
  when exists (select from orchestra.worker where does_requests and ${WORKER_ALIVE}) then 'queued'
  else 'no-worker'
end as reason,
r.progress, ${isoTime('r.created_at')} as "createdAt", ${isoTime('r.expires_at')} as "expiresAt",
${isoTime('r.started_at')} as "startedAt", ${isoTime('r.ended_at')} as "endedAt"`

export interface RequestSearch {
  /** Null for those of everybody. */
  askerKey: string | null
  open?: boolean | undefined
  before?: number | undefined
  limit: number
}

/** The newest first. */
export function listRequests(
  db: Queryable,
  { askerKey, open = false, before, limit }: RequestSearch,
): Promise<RequestSummary[]> {
  return db.query<RequestSummary>(LIST, [askerKey, open, before ?? null, limit])
}

const LIST = `
select ${SUMMARY} from orchestra.request r
where ($1::text is null or r.asker_key = $1) and (not $2 or r.ended_at is null) and ($3::bigint is null or r.id < $3)
order by r.id desc limit $4`

/** A request, with what is needed to know whether its answer may still be shown. */
export interface RequestRead {
  view: RequestView
  input: unknown
  asker: Asker
}

/**
 * @param askerKey whose it has to be; null for anybody's
 * @throws OrchestraError ORC_REQUEST_UNKNOWN
 */
export async function readRequest(db: Queryable, id: number, askerKey: string | null): Promise<RequestRead> {
  const [row] = await db.query<
    Omit<RequestView, 'result'> & { result: string | null; input: string; asker: Asker }
  >(ONE, [id, askerKey])
  if (row === undefined) throw unknownRequest(id)
  const { input, asker, result, ...view } = row
  return {
    view: { ...view, result: result === null ? null : parseExactJson(result) },
    input: JSON.parse(input),
    asker,
  }
}

const ONE = `
select ${SUMMARY}, r.notes, r.result, r.error, r.input, r.asker from orchestra.request r
where r.id = $1 and ($2::text is null or r.asker_key = $2)`

export function unknownRequest(id: number): OrchestraError {
  return new OrchestraError('ORC_REQUEST_UNKNOWN', `There is no request ${id}`, {
    hint: 'See `orchestra request list`; what ended is kept for a day',
  })
}

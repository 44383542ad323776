import type { Queryable } from '../store/index.ts'
import { failureStates } from './state.ts'

export interface RetentionOptions {
  /** Days that a log is kept. */
  days: number
  /** Days that the log of a failure is kept; default four times as long. */
  failureDays?: number
  /** Logs deleted by one statement. */
  batch?: number
}

const DEFAULT_BATCH = 200

/**
 * Deletes old logs and answers how many. Open logs and the last success of each backend on each server are kept for ever:
 * they say what runs and when it was last well.
 */
export async function cleanLogs(store: Queryable, options: RetentionOptions): Promise<number> {
  const batch = options.batch ?? DEFAULT_BATCH
  const failureDays = options.failureDays ?? options.days * 4
  const kept = await lastSuccesses(store)
  for (let deleted = 0; ; ) {
    const rows = await store.query(DELETE_BATCH, [options.days, failureDays, failureStates, kept, batch])
    deleted += rows.length
    if (rows.length < batch) return deleted
  }
}

async function lastSuccesses(store: Queryable): Promise<number[]> {
  const rows = await store.query<{ id: number }>(
    `select max(id) as id from orchestra.log where state = 'SUCCESS' group by server_id, backend`,
  )
  return rows.map((row) => row.id)
}

const DELETE_BATCH = `
delete from orchestra.log where id in (
  select id from orchestra.log
  where ended_at is not null
    and created_at < now() - $1::double precision * interval '1 day'
    and (state <> all($3::text[]) or created_at < now() - $2::double precision * interval '1 day')
    and id <> all($4::bigint[])
  order by created_at
  limit $5
)
returning id`

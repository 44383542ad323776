import { tell } from '../events/index.ts'
import type { ServerTarget } from '../methods/method.ts'
import type { Queryable } from '../store/index.ts'

export interface NewLog {
  /** One attempt to run one script; also names the run on the server. */
  runId: string
  serverId: number
  backend: string
  method: ServerTarget['method']
  /** The masked rendering: the real one is never stored. */
  script: string
  fence: number
  attempt: number
  /** Ids of the operations, in the order of their blocks in the script. */
  operations: readonly number[]
}

/** Stores a log that was RECEIVED, with its operations, and answers its id. */
export async function createLog(tx: Queryable, log: NewLog): Promise<number> {
  const [row] = await tx.query<{ id: number }>(INSERT, [
    log.runId,
    log.serverId,
    log.backend,
    log.method,
    log.script,
    Buffer.byteLength(log.script),
    log.fence,
    log.attempt,
    log.operations,
  ])
  return (row as { id: number }).id
}

const INSERT = `
with created as (
  insert into orchestra.log (run_id, server_id, backend, method, script, script_bytes, fence, attempt)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  returning id, server_id, backend
), listed as (
  insert into orchestra.log_operation (log_id, operation_id, position)
  select created.id, operation.id, operation.ordinality - 1
  from created, unnest($9::bigint[]) with ordinality as operation (id, ordinality)
), told as (
  ${tell('script-started', { log: 'id', server: 'server_id', backend: 'backend' }, 'created')}
)
select id, pg_notify('orchestra_log', id::text) from created`

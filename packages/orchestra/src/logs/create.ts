import { tell } from '../events/index.ts'
import type { ServerTarget } from '../methods/method.ts'
import { ownedLane } from '../operations/owned-lane.ts'
import { often, type Queryable, ring } from '../store/index.ts'

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
  return (await insert(tx, log, null)) as number
}

/**
 * The same in a lane; undefined when `owner` does not have it with the log's fence any more. Who was stopped for longer than its lease
 * must not begin what its heir has ended: functions know no fence.
 */
export function createLaneLog(tx: Queryable, log: NewLog, owner: string): Promise<number | undefined> {
  return insert(tx, log, owner)
}

async function insert(tx: Queryable, log: NewLog, owner: string | null): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>(often(INSERT), [
    log.runId,
    log.serverId,
    log.backend,
    log.method,
    log.script,
    Buffer.byteLength(log.script),
    log.fence,
    log.attempt,
    log.operations,
    owner,
  ])
  if (row !== undefined) await ring(tx, 'orchestra_log', String(row.id))
  return row?.id
}

const INSERT = `
with own as (
  ${ownedLane({ server: '$2', owner: '$10', fence: '$7' }, 'share')}
), created as (
  insert into orchestra.log (run_id, server_id, backend, method, script, script_bytes, fence, attempt)
  select $1, $2, $3, $4, $5, $6, $7, $8 where $10::uuid is null or exists (select from own)
  returning id, server_id, backend
), listed as (
  insert into orchestra.log_operation (log_id, operation_id, position)
  select created.id, operation.id, operation.ordinality - 1
  from created, unnest($9::bigint[]) with ordinality as operation (id, ordinality)
), told as (
  ${tell('script-started', { log: 'id', server: 'server_id', backend: 'backend' }, 'created')}
)
select id from created`

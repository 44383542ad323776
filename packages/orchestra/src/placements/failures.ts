import { isoTime } from '../logs/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { type Cause, causesOf, type Failed } from './causes.ts'

/** Unreachable is the server's, not the operation's. */
export const HAS_FAILED = `operation.state = 'waiting' and operation.outcome in ('failure', 'timeout')`

/** The collector decides a delete without a server for nothing else. */
export const IS_REFUSED = `operation.state = 'waiting' and operation.action = 'delete' and operation.server_id is null
  and operation.backend is not null`

/** More are counted and not looked into. */
const MOST_READ = 5_000

/** What failed and is tried again, by its causes. */
export async function failureCauses(store: Queryable, visible?: Narrowing): Promise<Cause[]> {
  const values: unknown[] = []
  const seen = narrowed(visible, 'operation', 'operation', values)
  return causesOf(await store.query<Failed>(failures(seen), values))
}

const failures = (seen: string) => `
select operation.model || ':' || operation.object_key as object, operation.action, operation.outcome, operation.error,
  coalesce(operation.identity, placement.identity) as identity, operation.backend, server.name as server, operation.attempt,
  case when operation.due_at > now() then ${isoTime('operation.due_at')} end as "nextTry", operation.log_id as "logId"
from orchestra.operation
left join orchestra.server on server.id = operation.server_id
left join orchestra.placement on placement.key_hash = operation.key_hash and placement.model = operation.model
  and placement.backend = operation.backend and placement.server_id = operation.server_id
where ${HAS_FAILED} and not (${IS_REFUSED}) and ${seen}
order by operation.id limit ${MOST_READ}`

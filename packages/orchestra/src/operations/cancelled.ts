import { foundState } from './found-state.ts'

/**
 * SQL for whether somebody cancelled the operation `alias` and its object differs for that: nothing was decided about its place since,
 * and what was decided is not what stands there. A custom action leaves nothing that differs.
 */
export function isCancelled(alias: string): string {
  return `(${alias}.cancelled_by is not null and ${alias}.state = 'done' and ${alias}.outcome in ('revoked', 'aborted')
    and ${alias}.action in ('save', 'delete')
    and not exists (
      select from orchestra.operation later where later.key_hash = ${alias}.key_hash and later.model = ${alias}.model
        and (later.id > ${alias}.id or later.rewritten_at > ${alias}.ended_at) and later.action in ('save', 'delete') and ${foundState('later')} <> 'superseded'
        and (${alias}.server_id is null or later.backend = ${alias}.backend and later.server_id = ${alias}.server_id))
    and (${alias}.server_id is null or exists (
      select from orchestra.placement place where place.key_hash = ${alias}.key_hash and place.model = ${alias}.model
        and place.backend = ${alias}.backend and place.server_id = ${alias}.server_id
        and place.state in ('pending', 'failed', 'deleting'))))`
}

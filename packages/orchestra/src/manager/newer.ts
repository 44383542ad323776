/**
 * SQL for the newest later operation on the same object, backend and server that makes the operation `alias` pointless: the
 * newest state wins, so an older one must never run after it, whenever its next try is due.
 */
export function newerOperation(alias: string): string {
  return `(
    select n.id from orchestra.operation n
    where n.key_hash = ${alias}.key_hash and n.model = ${alias}.model and n.backend = ${alias}.backend
      and n.server_id = ${alias}.server_id and n.id > ${alias}.id and n.state <> 'superseded'
      and (n.action = ${alias}.action or n.action = 'delete' or (n.action = 'save' and ${alias}.action = 'delete'))
    order by n.id desc limit 1)`
}

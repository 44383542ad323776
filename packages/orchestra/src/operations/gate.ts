/** SQL for whether nothing has to happen elsewhere, or with another object, before the operation `alias` may run. */
export function mayRun(alias: string): string {
  return `(${gateIsOpen(alias)} and not ${nameIsOccupied(alias)})`
}

/**
 * SQL for whether another object that goes by the name of the operation `alias` is still to be removed there. Removed later, it
 * would take along what this one puts there.
 */
function nameIsOccupied(alias: string): string {
  return `(${alias}.action = 'save' and ${alias}.identity is not null and exists (select from ${nameHolders(alias)}))`
}

/** SQL for the placements, as `old`, that have to go before a save `alias` may take their name. */
export function nameHolders(alias: string): string {
  return `orchestra.placement old
      where md5(old.identity) = md5(${alias}.identity) and old.server_id = ${alias}.server_id
        and old.backend = ${alias}.backend and old.identity = ${alias}.identity and old.state = 'deleting'
        and (old.key_hash, old.model) is distinct from (${alias}.key_hash, ${alias}.model)
        and (old.applied_at is not null or old.log_id is not null)`
}

/**
 * SQL for whether the operation `alias` may run as far as a move is concerned: its object stands on all servers that the gate
 * names, no data of it is on its way from the server, and nothing was tried there since it was decided that there is nothing. It is
 * asked anew at every claim, so that a gate opens by itself.
 */
function gateIsOpen(alias: string): string {
  return `(${alias}.gate is null or not (${gateIsClosed(alias)}))`
}

function gateIsClosed(alias: string): string {
  const isObject = (other: string) =>
    `${other}.key_hash = ${alias}.key_hash and ${other}.model = ${alias}.model and ${other}.backend = ${alias}.backend`
  return `exists (
      select from unnest(${alias}.gate) as wanted(server_id) where not exists (
        select from orchestra.placement there where ${isObject('there')} and there.server_id = wanted.server_id
          and there.state = 'applied'))
    or exists (
      select from orchestra.transfer data where ${isObject('data')} and data.from_server = ${alias}.server_id
        and data.ended_at is null)
    or exists (
      select from orchestra.placement here where ${isObject('here')} and here.server_id = ${alias}.server_id
        and here.unmade and (here.applied_at is not null or here.log_id is not null))`
}

/**
 * SQL for other names of the object of operation `alias` in its place, oldest first: those that a save has to rename from, and
 * those that a delete has to remove as well. Operations of an earlier release do not know their own name: for them all names
 * are listed. What another object has taken over since is left out.
 */
export function previousNames(alias: string): string {
  return `coalesce(case ${alias}.action
      when 'save' then ${namesInPlace(alias)}
      when 'delete' then ${namesLeftOver(alias)}
    end, '[]')`
}

function namesInPlace(alias: string): string {
  return `(
        select jsonb_agg(name.value || jsonb_build_object('unmarked', p.unmarked) order by name.position)
        from orchestra.placement p
        cross join lateral jsonb_array_elements(
          jsonb_build_object('identity', p.identity, 'snapshot', p.snapshot) || coalesce(p.tried, '[]')
        ) with ordinality as name(value, position)
        where ${isPlaceOf('p', alias)}
          and (p.applied_at is not null or p.log_id is not null)
          and (p.identity is distinct from ${alias}.identity or p.tried is not null)
          and name.value ->> 'identity' is distinct from ${alias}.identity
          and name.value -> 'snapshot' <> 'null'
          and not ${isTaken(`name.value ->> 'identity'`, `coalesce(p.applied_at, '-infinity')`, alias)})`
}

function namesLeftOver(alias: string): string {
  return `(
        select jsonb_agg(name.value)
        from (
          select jsonb_build_object('identity', old.identity, 'snapshot', old.snapshot, 'unmarked', old.unmarked) as value, old.created_at as since
          from orchestra.remnant old
          where old.server_id = ${alias}.server_id and old.backend = ${alias}.backend and old.model = ${alias}.model
            and md5(old.object_key) = md5(${alias}.object_key) and old.object_key = ${alias}.object_key
          union all
          select tried.value || jsonb_build_object('unmarked', p.unmarked), coalesce(p.applied_at, '-infinity')
          from orchestra.placement p cross join lateral jsonb_array_elements(p.tried) as tried(value)
          where ${isPlaceOf('p', alias)}
        ) as name
        where name.value -> 'snapshot' <> 'null' and not ${isTaken(`name.value ->> 'identity'`, 'name.since', alias)})`
}

/** SQL for whether a placement is that of the operation `alias`. */
export function isPlaceOf(placement: string, alias: string): string {
  return `${placement}.key_hash = ${alias}.key_hash and ${placement}.model = ${alias}.model
          and ${placement}.backend = ${alias}.backend and ${placement}.server_id = ${alias}.server_id`
}

/** Whether another object was given this name there since a time. */
function isTaken(identity: string, since: string, alias: string): string {
  return `exists (
            select from orchestra.placement other
            where other.server_id = ${alias}.server_id and other.backend = ${alias}.backend
              and md5(other.identity) = md5(${identity}) and other.identity = ${identity} and other.applied_at > ${since}
              and (other.key_hash, other.model) is distinct from (${alias}.key_hash, ${alias}.model))`
}

/** SQL for what stands in the place of the operation `alias` since before everything was marked on its server. */
export function standingUnmarked(alias: string): string {
  return `(
        select jsonb_build_object('identity', p.identity, 'snapshot', p.snapshot)
        from orchestra.placement p
        where ${isPlaceOf('p', alias)} and p.unmarked and p.snapshot <> 'null'
          and (p.applied_at is not null or p.log_id is not null))`
}

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

/**
 * The unit of a change: what the wrapped pool has set, else the transaction itself. The latter is computed instead of kept
 * in a setting, so no savepoint can roll it back; the time makes it differ from that of the same number in another cluster.
 * What is set and no uuid is nobody's unit: it must not fail the statement of whoever set it. Every function that is called
 * here is looked up and its right checked at each statement, for half a microsecond each.
 */
export const unitSql = `coalesce(
      case when current_setting('orchestra.unit_of_work', true) ~* '${UUID}'
        then current_setting('orchestra.unit_of_work', true)::uuid end,
      overlay(overlay(
        md5(timestamptz_send(now()) || xid8send(pg_current_xact_id())) placing '8' from 13) placing 'a' from 17)::uuid)`

/** Triggers run as their owner, so it is the session that tells who writes. */
export const actorSql = `coalesce(nullif(current_setting('orchestra.actor', true), ''), session_user)`

export const sourceSql = `coalesce(
      nullif(current_setting('orchestra.source', true), ''), current_setting('application_name'))`

/**
 * Whether a worker has to be told, because it sleeps. A notification in every writer's transaction made commits wait for each other:
 * 32 writers fell to a fifteenth. Asked after the change got its number: see `manager/change-watch.ts`.
 */
export const isAsleepSql = `to_timestamp(pg_sequence_last_value(to_regclass('orchestra.asleep'))) > clock_timestamp()`

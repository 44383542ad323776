import { getConstructionPlans } from 'pg-boss'
import { hasCode, type Store } from '../store/index.ts'

export const BOSS_SCHEMA = 'orchestra_boss'

/** Any constant that stands for nothing else: it only has to be the same in every process. */
const DROP_LOCK = 7_355_611

const tables = [
  ...getConstructionPlans(BOSS_SCHEMA).matchAll(/create table orchestra_boss\.(\w+) /gi),
].flatMap(([, name]) => name ?? [])

/** SQLSTATEs of a table, schema or function that is not there. */
const ABSENT = ['42P01', '3F000', '42883']

export function isAbsent(error: unknown): boolean {
  return hasCode(error, ABSENT)
}

/**
 * Drops what is left of a schema that has lost tables, which pg-boss takes for a whole one. It holds wake-ups, which the sweep makes
 * up for, and schedules, which every start sets anew. Several workers may come here at once: what one has made whole again stays.
 */
export async function dropBroken(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [DROP_LOCK])
    const [row] = await tx.query<{ broken: boolean }>(
      `select exists (select from unnest($1::text[]) as wanted(name)
         where to_regclass(format('${BOSS_SCHEMA}.%I', name)) is null) as broken`,
      [tables],
    )
    if (row?.broken === true) await tx.query(`drop schema if exists ${BOSS_SCHEMA} cascade`)
  })
}

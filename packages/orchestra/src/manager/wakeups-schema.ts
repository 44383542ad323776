import { getConstructionPlans } from 'pg-boss'
import { hasCode, type Queryable, type Store, TURNS, takeTurn } from '../store/index.ts'

export const BOSS_SCHEMA = 'orchestra_boss'

const tables = [
  ...getConstructionPlans(BOSS_SCHEMA).matchAll(/create table orchestra_boss\.(\w+) /gi),
].flatMap(([, name]) => name ?? [])

/** SQLSTATEs of a table, schema or function that is not there. */
const ABSENT = ['42P01', '3F000', '42883']

export function isAbsent(error: unknown): boolean {
  return hasCode(error, ABSENT)
}

/**
 * Makes the schema where it is not there. pg-boss would do so itself, and several of it that begin at once would fail each other: the
 * turn that it takes comes too late for a session that has looked already.
 */
export async function makeSchema(store: Store): Promise<void> {
  if (await isMade(store)) return
  await store.transaction(async (tx) => {
    await takeTurn(tx, TURNS.wakeups)
    if (!(await isMade(tx))) await tx.query(construction({ createSchema: !(await hasSchema(tx)) }))
  })
}

/** As pg-boss tells it. */
async function isMade(db: Queryable): Promise<boolean> {
  const [found] = await db.query<{ made: boolean }>(
    `select to_regclass('${BOSS_SCHEMA}.version') is not null as made`,
  )
  return found?.made === true
}

/** Where it exists, `create schema if not exists` would still ask for the right to make one. */
async function hasSchema(db: Queryable): Promise<boolean> {
  const [found] = await db.query<{ present: boolean }>(
    `select to_regnamespace('${BOSS_SCHEMA}') is not null as present`,
  )
  return found?.present === true
}

/** For a transaction that has begun and ends elsewhere. */
function construction(options: { createSchema: boolean }): string {
  return getConstructionPlans(BOSS_SCHEMA, options)
    .replace(/^\s*begin;/i, '')
    .replace(/commit;\s*$/i, '')
}

/**
 * Drops what is left of a schema that has lost tables, which pg-boss takes for a whole one. It holds wake-ups, which the sweep makes
 * up for, and schedules, which every start sets anew. Several workers may come here at once: what one has made whole again stays.
 */
export async function dropBroken(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    await takeTurn(tx, TURNS.wakeups)
    const [row] = await tx.query<{ broken: boolean }>(
      `select exists (select from unnest($1::text[]) as wanted(name)
         where to_regclass(format('${BOSS_SCHEMA}.%I', name)) is null) as broken`,
      [tables],
    )
    if (row?.broken === true) await tx.query(`drop schema if exists ${BOSS_SCHEMA} cascade`)
  })
}

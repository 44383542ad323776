import { isOrchestraError, OrchestraError } from '../errors.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type FoundTrigger, readCatalog } from './catalog.ts'
import { installing, isDenied } from './install-lock.ts'
import { quoteIdentifier } from './table-name.ts'
import { qualifiedFunction } from './trigger-sql.ts'

/** Removes trigger functions and their triggers; answers the triggers, as `trigger on table`. */
export async function removeFunctions(
  store: Store,
  isStale: (name: string) => boolean,
  patience: number,
): Promise<string[]> {
  const { triggers, functions } = await readCatalog(store, [])
  const removed: string[] = []
  for (const name of [...functions.keys()].filter(isStale)) {
    const its = triggers.filter((trigger) => trigger.function === name)
    await removeTriggers(store, its, patience)
    await installing(store, patience, (tx) => dropFunction(tx, name, its))
    removed.push(...its.map((trigger) => `${trigger.name} on ${trigger.tableName}`))
  }
  return removed
}

/** Table by table, as far as this role owns them; what is left goes with the function. */
async function removeTriggers(
  store: Store,
  triggers: readonly FoundTrigger[],
  patience: number,
): Promise<void> {
  for (const [table, own] of Map.groupBy(triggers, (trigger) => trigger.tableName)) {
    try {
      await installing(store, patience, async (tx) => {
        for (const { name } of own)
          await tx.query(`drop trigger if exists ${quoteIdentifier(name)} on ${table}`)
      })
    } catch (error) {
      if (!isOrchestraError(error, 'ORC_CAPTURE_DENIED')) throw error
    }
  }
}

/** Dropping a trigger takes the table's owner; dropping a function with all that needs it takes the function's or schema's. */
async function dropFunction(tx: Queryable, name: string, triggers: readonly FoundTrigger[]): Promise<void> {
  try {
    await tx.query(`drop function if exists ${qualifiedFunction(name)}() cascade`)
  } catch (cause) {
    if (!isDenied(cause)) throw cause
    const drops = triggers.map((trigger) => `drop trigger ${trigger.name} on ${trigger.tableName};`)
    throw new OrchestraError('ORC_CAPTURE_DENIED', `The triggers of ${name} cannot be removed by this role`, {
      hint: `Let the owner of the tables run: ${[...drops, `drop function ${qualifiedFunction(name)}();`].join(' ')}`,
      cause,
    })
  }
}

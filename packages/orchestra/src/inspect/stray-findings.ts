import type { Backend } from '../config/backend.ts'
import { replacedModels } from '../request/replaced.ts'
import type { Queryable } from '../store/index.ts'
import { exceedsBound, guardError } from '../sync/index.ts'
import { addFindings, clearFindings, type NamelessFinding } from './findings.ts'
import { endInspection, type Inspection, stopSync } from './inspection.ts'
import { pruneOrphans } from './repair.ts'
import type { Strays } from './strays.ts'

/** Things that are not ours and that are shown one by one. */
const MOST_SHOWN = 1_000
/** Things that are named where too many would go. */
const MOST_NAMED = 5

/** Writes down what a server has beside the placements, asks for the removal of what is ours, and ends the inspection. */
export async function recordStrays(
  tx: Queryable,
  inspection: Inspection,
  backend: Backend,
  strays: Strays,
): Promise<void> {
  const { unowned, orphaned, uncounted } = strays
  const pruned = await prune(tx, inspection, backend, orphaned)
  if (pruned === 'stopped') return
  await addFindings(tx, inspection, unowned.slice(0, MOST_SHOWN).map(asFinding('unowned')))
  if (pruned === 'kept')
    await addFindings(tx, inspection, orphaned.slice(0, MOST_SHOWN).map(asFinding('orphaned')))
  const counts = {
    ...inspection.counts,
    unowned: unowned.length + uncounted,
    orphaned: orphaned.length,
    pruned: typeof pruned === 'number' ? pruned : 0,
  }
  await tx.query('update orchestra.inspection set counts = $2 where id = $1', [
    inspection.id,
    JSON.stringify(counts),
  ])
  await clearFindings(tx, inspection)
  await endInspection(tx, inspection, 'done')
}

/** How many go; or they are kept; or so many would go that everything stops. */
async function prune(
  tx: Queryable,
  inspection: Inspection,
  backend: Backend,
  orphaned: readonly string[],
): Promise<number | 'kept' | 'stopped'> {
  if (orphaned.length === 0) return 0
  if (!(await mayPrune(tx, inspection, backend))) return 'kept'
  const { placements, server } = await placedThere(tx, inspection)
  const isReplaced = (await replacedModels(tx)).has(backend.model.name)
  if (!exceedsBound({ deletes: orphaned.length, placements, isReplaced }, inspection.allowDeletes))
    return pruneOrphans(tx, inspection, backend.model.name, orphaned)
  await addFindings(tx, inspection, orphaned.slice(0, MOST_SHOWN).map(asFinding('orphaned')))
  const objects = orphaned.slice(0, MOST_NAMED)
  const deletes = orphaned.length
  const removals = { backend: backend.name, server, deletes, placements, objects, isReplaced }
  await stopSync(tx, inspection.syncId, guardError([removals]))
  return 'stopped'
}

/**
 * Only a synchronization that has compared the whole database knows that no row stands for a thing; a row that could not be read or
 * routed may be the one.
 */
async function mayPrune(tx: Queryable, { mode, objectKey }: Inspection, backend: Backend): Promise<boolean> {
  if (mode !== 'sync' || objectKey !== null || backend.prune === undefined) return false
  const [row] = await tx.query<{ undecided: boolean }>(
    `select exists (select from orchestra.operation where state = 'waiting' and server_id is null and model = $1) as undecided`,
    [backend.model.name],
  )
  return row?.undecided === false
}

async function placedThere(
  tx: Queryable,
  { serverId, backend }: Inspection,
): Promise<{ placements: number; server: string }> {
  const [row] = await tx.query<{ placements: number; server: string }>(
    `select s.name as server,
       (select count(*) from orchestra.placement p where p.server_id = s.id and p.backend = $2) as placements
     from orchestra.server s where s.id = $1`,
    [serverId, backend],
  )
  return row ?? { placements: 0, server: String(serverId) }
}

function asFinding(state: 'unowned' | 'orphaned'): (identity: string) => NamelessFinding {
  return (identity) => ({ identity, state, differences: [] })
}

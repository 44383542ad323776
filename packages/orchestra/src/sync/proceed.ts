import type { Config } from '../config/config.ts'
import { withHint } from '../errors.ts'
import { syncEnded } from '../events/index.ts'
import type { Cursor } from '../request/cursor.ts'
import { acceptReplaced } from '../request/replaced.ts'
import { selectionOf } from '../request/selection.ts'
import { isWhole, type SyncRow } from '../request/sync.ts'
import { type Queryable, storable } from '../store/index.ts'
import { guardError } from './guard.ts'
import { endInspectedSync } from './inspected.ts'
import { openInspections } from './inspections.ts'
import { exceedingRemovals, forgetRemovals } from './removals.ts'

export interface ProceedContext {
  config: Config
  /** Backends that other workers have. */
  foreign: readonly string[]
}

/** Moves on to the next page, or ends the comparison. */
export async function proceed(
  tx: Queryable,
  sync: SyncRow,
  next: Cursor | null,
  { config, foreign }: ProceedContext,
): Promise<number[]> {
  const allNoted = next?.pass === 'removals' && next.after === 0
  if (allNoted && !(await admitRemovals(tx, sync, config))) return []
  if (next !== null) {
    await tx.query(
      `update orchestra.sync set cursor = $2, counts = $3, error = $4, started_at = coalesce(started_at, now())
       where id = $1`,
      [sync.id, JSON.stringify(next), JSON.stringify(sync.counts), sync.error],
    )
    return []
  }
  await forgetRemovals(tx, sync.id)
  const inspected = sync.inspects ? await openInspections(tx, sync, config, foreign) : []
  if (inspected.length > 0) {
    await beginInspecting(tx, sync)
    await endInspectedSync(tx, sync.id)
    return inspected
  }
  const error = sync.error ?? (await goneText(tx, sync, config))
  await endSync(tx, sync, error === null ? 'done' : 'failed', error)
  return []
}

/** What it was asked for about is not there any more, so that nothing was looked at. */
async function goneText(
  tx: Queryable,
  { backend, model, serverId }: SyncRow,
  config: Config,
): Promise<string | null> {
  if (backend !== null && !config.backends.has(backend))
    return `no backend "${backend}" is defined in this configuration`
  if (model !== null && !config.models.has(model))
    return `no model "${model}" is defined in this configuration`
  const [server] = await tx.query<{ name: string }>(
    'select name from orchestra.server where id = $1 and removed_at is not null',
    [serverId],
  )
  return server === undefined ? null : `server ${server.name} was removed`
}

/** Ends the synchronization where more would be removed than may be; answers whether it goes on. */
async function admitRemovals(tx: Queryable, sync: SyncRow, config: Config): Promise<boolean> {
  const exceeding = await exceedingRemovals(tx, sync)
  if (exceeding.length > 0) {
    await forgetRemovals(tx, sync.id)
    await endSync(tx, sync, 'stopped', guardError(exceeding))
    return false
  }
  const isKnown = sync.error === null && sync.counts.invalid === 0 && sync.objectKey === null
  if (isWhole(sync) && isKnown) await acceptReplaced(tx, selectionOf(config, sync).models)
  return true
}

async function beginInspecting(tx: Queryable, { id, counts, error }: SyncRow): Promise<void> {
  await tx.query(
    `update orchestra.sync set state = 'inspecting', cursor = null, counts = $2, error = $3,
       started_at = coalesce(started_at, now()) where id = $1`,
    [id, JSON.stringify(counts), error],
  )
}

async function endSync(
  tx: Queryable,
  { id, counts }: Pick<SyncRow, 'id' | 'counts'>,
  state: 'done' | 'stopped' | 'failed',
  error: unknown,
): Promise<void> {
  await tx.query(
    `with ended as (
       update orchestra.sync set state = $2, cursor = null, counts = $3, error = $4,
         started_at = coalesce(started_at, now()), ended_at = now()
       where id = $1 and ended_at is null returning id, state
     )
     ${syncEnded('ended')}`,
    [id, state, JSON.stringify(counts), error === null ? null : storable(withHint(error))],
  )
  await tx.query(`select pg_notify('orchestra_settled', '')`)
}

/** Ends a synchronization whose page cannot be read or recorded: the next one begins anew. */
export async function failSync(db: Queryable, sync: SyncRow, error: unknown): Promise<void> {
  await forgetRemovals(db, sync.id)
  await endSync(db, sync, 'failed', error)
}

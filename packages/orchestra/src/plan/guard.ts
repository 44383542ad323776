import { parseObject } from '../config/key.ts'
import { withHint } from '../errors.ts'
import type { Queryable } from '../store/index.ts'
import { exceedsBound, guardError, NAMED, type Removals, replacedModels } from '../sync/index.ts'
import type { Want } from './plan.ts'

/** Why so many removals would not be recorded; null when they would. */
export async function guardOf(
  db: Queryable,
  removals: readonly Want[],
  allowDeletes: number | undefined,
): Promise<string | null> {
  const exceeding = await exceedingOf(db, removals, allowDeletes)
  if (exceeding.length === 0) return null
  return withHint(guardError(exceeding))
}

export async function exceedingOf(
  db: Queryable,
  removals: readonly Want[],
  allowDeletes: number | undefined,
): Promise<Removals[]> {
  const exceeding: Removals[] = []
  const replaced = await replacedModels(db)
  for (const own of Map.groupBy(removals, (one) => `${one.backend} ${one.serverId}`).values()) {
    const [first] = own
    if (first === undefined) continue
    const { backend, serverId, server } = first
    const [row] = await db.query<{ placements: number }>(
      'select count(*) as placements from orchestra.placement where server_id = $1 and backend = $2',
      [serverId, backend],
    )
    const objects = own.slice(0, NAMED).map((one) => one.object)
    const isReplaced = own.some(({ object }) => replaced.has(parseObject(object)?.model ?? ''))
    const placements = row?.placements ?? 0
    const counted = { backend, server, deletes: own.length, placements, objects, isReplaced }
    if (exceedsBound(counted, allowDeletes ?? null)) exceeding.push(counted)
  }
  return exceeding
}

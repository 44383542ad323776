import { isReplacing } from '../collector/former.ts'
import { protectedByBackend } from '../collector/protection.ts'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { type PlaceRow, placeName, protectionsOf, type Stored, snapshotsOf } from '../places/index.ts'
import type { Queryable } from '../store/index.ts'

/** Marks places that people protect as of now, who may have begun to while their rows were waited for, and those that backends do. */
export async function protectedNow(
  tx: Queryable,
  due: readonly Stored[],
  config: Pick<Config, 'backends'>,
  open: (row: PlaceRow, snapshot: unknown) => unknown,
): Promise<void> {
  const asked = due.filter(mayRemove)
  const protections = await protectionsOf(
    tx,
    asked.map(({ row }) => row),
  )
  for (const one of asked) {
    const protection = protections.get(placeName(one.row)) ?? null
    one.row = { ...one.row, protection }
    one.place = { ...one.place, isProtected: protection !== null }
  }
  await protectedBy(tx, asked, config, open)
}

/** Marks places that their backends protect; what people protect their rows tell. */
export async function protectedBy(
  db: Queryable,
  due: readonly Stored[],
  config: Pick<Config, 'backends'>,
  open: (row: PlaceRow, snapshot: unknown) => unknown,
): Promise<void> {
  const asked = due.filter((one) => isGuarding(config.backends.get(one.row.backend)) && mayRemove(one))
  if (asked.length === 0) return
  const snapshots = await snapshotsOf(
    db,
    asked.map(({ row }) => row),
  )
  for (const one of asked) {
    const snapshot = snapshots.get(placeName(one.row))
    const reason = protectedByBackend(config.backends.get(one.row.backend), snapshot, (value) =>
      open(one.row, value),
    )
    if (reason === null) continue
    one.row = { ...one.row, protection: reason }
    one.place = { ...one.place, isProtected: true }
  }
}

/** Whether something goes from there: all of it, what stands under another name, or what a former object left. */
function mayRemove({ row, place }: Stored): boolean {
  return place.want.kind === 'leave' || row.identity !== row.want_identity || isReplacing({ row })
}

function isGuarding(backend: Backend | undefined): boolean {
  return backend?.protect !== undefined && backend.protect !== false
}

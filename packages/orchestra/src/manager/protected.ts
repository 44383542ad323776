import { isReplacing } from '../collector/former.ts'
import { protectedByBackend } from '../collector/protection.ts'
import type { Config } from '../config/config.ts'
import { type PlaceRow, placeName, type Stored, snapshotsOf } from '../places/index.ts'
import type { Queryable } from '../store/index.ts'

/** Marks places that their backends protect; what people protect their rows tell. */
export async function protectedBy(
  db: Queryable,
  due: readonly Stored[],
  config: Pick<Config, 'backends'>,
  open: (row: PlaceRow, snapshot: unknown) => unknown,
): Promise<void> {
  const asked = due.filter(({ row, place }) => {
    const protect = config.backends.get(row.backend)?.protect
    return (
      protect !== undefined &&
      protect !== false &&
      (place.want.kind === 'leave' || row.identity !== row.want_identity || isReplacing({ row }))
    )
  })
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

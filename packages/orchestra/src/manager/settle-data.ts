import type { Config } from '../config/config.ts'
import { begunMeanwhile, familyName, owned, type Place, type Stored } from '../places/index.ts'
import type { SettledOperation } from './settle-operations.ts'

/** What became of operations, and of copies of the same objects on other servers. */
export interface SettledData {
  ends: readonly SettledOperation[]
  siblings: readonly Stored[]
}

/** Pure: whose data counts after that, where data goes along with its object. */
export function settleData(
  ends: readonly SettledOperation[],
  stored: Iterable<Stored>,
  { backends }: Pick<Config, 'backends'>,
): SettledData {
  const families = Map.groupBy(stored, ({ row }) => familyName(row))
  const siblings: Stored[] = []
  const counted = ends.map((one) => {
    if (one.place === undefined || backends.get(one.operation.backend)?.onMove !== 'migrate') return one
    const { row, before, after } = one.place
    const others = (families.get(familyName(row)) ?? []).filter(
      (other) => other.row.server_id !== row.server_id,
    )
    const rest = others.map(({ place }) => begunMeanwhile(before, place))
    const known = new Map(
      owned(after === null ? rest : [after, ...rest]).map((place) => [place.server, place]),
    )
    for (const { row, place } of others) {
      const changed = known.get(place.server) ?? place
      if (changed !== place) siblings.push({ row, place: changed })
    }
    const own: Place | null = after === null ? null : (known.get(after.server) ?? after)
    return { ...one, place: { row, before, after: own } }
  })
  return { ends: counted, siblings }
}

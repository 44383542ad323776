import type { Queryable } from '../store/index.ts'
import { owned } from './data.ts'
import { lockPlaces, type ObjectOfBackend } from './read.ts'
import { familyName, type Stored, toRow } from './stored.ts'
import { writePlaces } from './write.ts'

/** Writes whose data counts after something of these objects went. */
export async function crown(tx: Queryable, objects: readonly ObjectOfBackend[]): Promise<void> {
  const families = Map.groupBy(await lockPlaces(tx, objects), ({ row }) => familyName(row))
  const crowned = [...families.values()].flatMap(crownedIn)
  await writePlaces(
    tx,
    crowned.map((one) => ({ row: { ...toRow(one), due: Number.NEGATIVE_INFINITY } })),
  )
}

/** Those of one object that count now and did not before. */
function crownedIn(family: readonly Stored[]): Stored[] {
  const places = owned(family.map(({ place }) => place))
  return family.flatMap(({ row, place }, at) => {
    const after = places[at] ?? place
    return after === place ? [] : [{ row, place: after }]
  })
}

import type { Config } from '../config/config.ts'
import {
  crown,
  end,
  type PlaceRow,
  rulesOf,
  type Stored,
  toRow,
  toStored,
  writePlaces,
} from '../places/index.ts'
import type { Queryable } from '../store/index.ts'

/**
 * Operations of these places that a worker had begun which was lost before their script had a log: no log is open, or the server would
 * have been asked first. They are handed back as that worker would have done it, before anything else is decided.
 */
export async function lostIn(tx: Queryable, rows: readonly PlaceRow[]): Promise<number[]> {
  const begun = rows.flatMap(({ trying }) => (trying === null ? [] : [trying.operation]))
  if (begun.length === 0) return []
  const lost = await tx.query<{ id: number }>(
    `select id from orchestra.operation where id = any($1::bigint[]) and state = 'running' order by id`,
    [begun],
  )
  return lost.map(({ id }) => id)
}

/** Places as they were before something was begun there of which no operation tells any more. */
export async function unbegin(tx: Queryable, rows: readonly PlaceRow[], config: Config): Promise<Stored[]> {
  const all = rows.map((row) => unbegun(toStored(row), config))
  const left = all.filter((_, at) => rows[at]?.trying !== null)
  await writePlaces(tx, left)
  const moving = left.filter(({ row }) => config.backends.get(row.backend)?.onMove === 'migrate')
  if (moving.length > 0)
    await crown(
      tx,
      moving.map(({ row }) => row),
    )
  return all
}

function unbegun(stored: Stored, config: Config): Stored {
  const { row, place } = stored
  if (place.trying === null) return stored
  const rules = rulesOf(config.backends.get(row.backend))
  const [before = { ...place, trying: null }] = end(place, place.trying.run, { kind: 'untouched' }, rules, 0)
  return { row: toRow({ row, place: before }), place: before }
}

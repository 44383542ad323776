import type { Config } from '../config/config.ts'
import { end, type PlaceRow, rulesOf, type Stored, toRow, toStored, writePlaces } from '../places/index.ts'
import type { Queryable } from '../store/index.ts'

/**
 * What a worker had begun that was lost before its script had a log is as it was before: no open log is about it, or the server would
 * have been asked first. Written at once, because whoever asks the server next has to find it so.
 */
export async function unbegin(tx: Queryable, rows: readonly PlaceRow[], config: Config): Promise<Stored[]> {
  const left = rows.filter(({ trying }) => trying !== null)
  if (left.length === 0) return rows.map(toStored)
  await giveBack(tx, left)
  const all = rows.map((row) => unbegun(toStored(row), config))
  await writePlaces(
    tx,
    all.filter((_, at) => rows[at]?.trying !== null),
  )
  return all
}

/** Ends the operations at which it was: they wait again, or what is wanted since goes on in their place. */
async function giveBack(tx: Queryable, rows: readonly PlaceRow[]): Promise<void> {
  const left = rows.map(({ trying, operation_id: heir }) => ({
    id: trying?.operation,
    heir: heir === trying?.operation ? null : heir,
    again: heir === trying?.operation,
  }))
  await tx.query(
    `update orchestra.operation o set attempt = greatest(o.attempt - 1, 0), superseded_by = r.heir,
       state = case when r.again then 'waiting' when r.heir is null then 'done' else 'superseded' end,
       outcome = case when r.again or r.heir is not null then o.outcome else 'nothing' end,
       ended_at = case when not r.again then clock_timestamp() end
     from jsonb_to_recordset($1::jsonb) as r(id bigint, heir bigint, again boolean)
     where o.id = r.id and o.state = 'running'`,
    [JSON.stringify(left)],
  )
}

function unbegun(stored: Stored, config: Config): Stored {
  const { row, place } = stored
  if (place.trying === null) return stored
  const rules = rulesOf(config.backends.get(row.backend))
  const [before = { ...place, trying: null }] = end(place, place.trying.run, { kind: 'untouched' }, rules, 0)
  return { row: toRow({ row, place: before }), place: before }
}

import type { Config } from '../config/config.ts'
import { end, type PlaceRow, rulesOf, type Stored } from '../places/index.ts'
import type { Queryable } from '../store/index.ts'

/** Ends the operations at which a worker was: they wait again, or what is wanted since goes on in their place. */
export async function giveBack(tx: Queryable, rows: readonly PlaceRow[]): Promise<void> {
  const left = rows.flatMap(({ trying, operation_id: heir }) =>
    trying === null
      ? []
      : [
          {
            id: trying.operation,
            heir: heir === trying.operation ? null : heir,
            again: heir === trying.operation,
          },
        ],
  )
  if (left.length === 0) return
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

/** No open log is about it, or the server would have been asked first. */
export function unbegun(stored: Stored, config: Config): Stored {
  const { row, place } = stored
  if (place.trying === null) return stored
  const [before] = end(
    place,
    place.trying.run,
    { kind: 'untouched' },
    rulesOf(config.backends.get(row.backend)),
    0,
  )
  return { row, place: before ?? { ...place, trying: null } }
}

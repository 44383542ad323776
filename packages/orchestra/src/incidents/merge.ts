import { OrchestraError } from '../errors.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type IncidentView, readIncident, unknownIncident } from './list.ts'
import { REPORTED } from './reported.ts'
import { step } from './watch.ts'

interface Row {
  id: number
  place: string
  outcome: string
  mergedInto: number | null
}

/**
 * Makes an incident a part of another: what fails for its cause is the other's from now on. Both are of one server and backend, so that
 * whoever sees the one sees the other.
 * @throws OrchestraError ORC_INCIDENT_UNKNOWN, ORC_USAGE
 */
export function mergeIncident(
  store: Store,
  id: number,
  { into, by }: { into: number; by: string },
): Promise<IncidentView> {
  return store.transaction(async (tx) => {
    const [one, other] = await lockBoth(tx, id, into)
    assertMergeable(one, other)
    await tx.query('update orchestra.incident set merged_into = $2 where id = $1 or merged_into = $1', [
      id,
      into,
    ])
    await tx.query(OVER, [id, by])
    const at = new Date()
    await step(tx, id, 'merged', at, by)
    await audit(tx, { by, action: 'incident.merge', target: `incident ${id}`, detail: { into } })
    const { steps: _, ...view } = await readIncident(tx, into)
    return view
  })
}

/**
 * An incident is one of its own again: where its cause is still there, it is back when somebody looks next.
 * @throws OrchestraError ORC_INCIDENT_UNKNOWN, ORC_USAGE
 */
export function splitIncident(store: Store, id: number, by: string): Promise<IncidentView> {
  return store.transaction(async (tx) => {
    const [row] = await tx.query<Row>(LOCK, [[id]])
    if (row === undefined) throw unknownIncident(id)
    if (row.mergedInto === null) throw usage(`Incident ${id} is a part of no other`)
    await tx.query(APART, [id])
    await step(tx, id, 'split', new Date(), by)
    const detail = { from: row.mergedInto }
    await audit(tx, { by, action: 'incident.split', target: `incident ${id}`, detail })
    const { steps: _, ...view } = await readIncident(tx, id)
    return view
  })
}

/** In one order, whoever merges which into which. */
async function lockBoth(tx: Queryable, id: number, into: number): Promise<[Row, Row]> {
  const rows = await tx.query<Row>(LOCK, [[id, into]])
  const found = (wanted: number) => rows.find((row) => row.id === wanted)
  const [one, other] = [found(id), found(into)]
  if (one === undefined) throw unknownIncident(id)
  if (other === undefined) throw unknownIncident(into)
  return [one, other]
}

function assertMergeable(one: Row, other: Row): void {
  if (one.id === other.id) throw usage(`Incident ${one.id} cannot be a part of itself`)
  if (other.mergedInto !== null)
    throw usage(`Incident ${other.id} is a part of incident ${other.mergedInto}: merge into that one`)
  // Nothing fails for what somebody did, and nothing that is seen no more ends it.
  const reported = [one, other].find(({ outcome }) => outcome === REPORTED)
  if (reported !== undefined)
    throw usage(`Incident ${reported.id} is about what somebody did, and stays alone`)
  if (one.place !== other.place)
    throw usage(`Incidents ${one.id} and ${other.id} are not of one server and backend`)
}

function usage(message: string): OrchestraError {
  return new OrchestraError('ORC_USAGE', message, { hint: '`orchestra incident list` shows what each is of' })
}

const LOCK = `
select id, coalesce(server_id::text, '') || ' ' || coalesce(backend, '') as place, outcome, merged_into as "mergedInto"
from orchestra.incident where id = any($1::bigint[]) order by id for update`

/** What was dealt with as another is over; objects are counted there. */
const OVER = `
update orchestra.incident set state = 'resolved', resolved_by = $2, ended_at = now(), absent_at = null, objects = 0 where id = $1`

/** Not as somebody's who dealt with it: where it is still there, it is back. */
const APART = `
update orchestra.incident set merged_into = null, state = 'recovered', resolved_by = null where id = $1`

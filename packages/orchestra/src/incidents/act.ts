import { audit } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { type IncidentView, readIncident, unknownIncident } from './list.ts'
import { step } from './watch.ts'

export interface Mute {
  by: string
  until: Date
  reason: string
}

/**
 * Nobody is told of an incident until then; what becomes of it is noted all the same.
 * @throws OrchestraError ORC_INCIDENT_UNKNOWN
 */
export function muteIncident(store: Store, id: number, { by, until, reason }: Mute): Promise<IncidentView> {
  return store.transaction(async (tx) => {
    const muted = await tx.query(MUTE, [id, until, by, reason])
    if (muted.length === 0) throw unknownIncident(id)
    await step(tx, id, 'muted', new Date(), by)
    const detail = { until: until.toISOString(), reason }
    await audit(tx, { by, action: 'incident.mute', target: `incident ${id}`, detail })
    return view(await readIncident(tx, id))
  })
}

/**
 * Somebody has dealt with it: it is over until it is there again.
 * @throws OrchestraError ORC_INCIDENT_UNKNOWN
 */
export function resolveIncident(store: Store, id: number, by: string): Promise<IncidentView> {
  return store.transaction(async (tx) => {
    const resolved = await tx.query<{ was: string }>(RESOLVE, [id, by])
    if (resolved.length === 0) throw unknownIncident(id)
    await step(tx, id, 'resolved', new Date(), by)
    await audit(tx, { by, action: 'incident.resolve', target: `incident ${id}` })
    return view(await readIncident(tx, id))
  })
}

/**
 * Somebody deals with it. Nobody else need; what becomes of it is told all the same.
 * @throws OrchestraError ORC_INCIDENT_UNKNOWN
 */
export function acknowledgeIncident(
  store: Store,
  id: number,
  { by, note }: { by: string; note: string },
): Promise<IncidentView> {
  return store.transaction(async (tx) => {
    const acknowledged = await tx.query(ACKNOWLEDGE, [id, by, note])
    if (acknowledged.length === 0) throw unknownIncident(id)
    await step(tx, id, 'acknowledged', new Date(), by)
    await audit(tx, { by, action: 'incident.acknowledge', target: `incident ${id}`, detail: { note } })
    return view(await readIncident(tx, id))
  })
}

function view({ steps: _, ...incident }: Awaited<ReturnType<typeof readIncident>>): IncidentView {
  return incident
}

const MUTE = `
update orchestra.incident set muted_until = $2, muted_by = $3, muted_reason = $4 where id = $1 returning id`

const RESOLVE = `
update orchestra.incident set state = 'resolved', resolved_by = $2, ended_at = now() where id = $1 returning id`

const ACKNOWLEDGE = `
update orchestra.incident set acknowledged_at = now(), acknowledged_by = $2, acknowledged_note = $3 where id = $1 returning id`

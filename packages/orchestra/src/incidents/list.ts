import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/iso-time.ts'
import { outcomes } from '../operations/outcome.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  named,
  oneOf,
  queryWith,
  seenRows,
  serverNamed,
  textIn,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import type { StepKind } from './decide.ts'
import { REPORTED } from './reported.ts'

export const incidentStates = ['open', 'recovered', 'resolved'] as const

/** What went wrong for one cause. Times are ISO 8601. */
export interface IncidentView {
  id: number
  state: (typeof incidentStates)[number]
  /** Null where no server could be told. */
  server: string | null
  /** Null when it is the whole server's. */
  backend: string | null
  outcome: string
  error: string | null
  /** Objects that it is about now, and that it was about at most. */
  objects: number
  most: number
  /** Some of them. */
  samples: string[]
  /** A log of one of them. */
  log: number | null
  openedAt: string
  seenAt: string
  endedAt: string | null
  /** How often it came back. */
  regressions: number
  /** It lasts longer than it usually does. */
  isLasting: boolean
  resolvedBy: string | null
  muted: { by: string; until: string; reason: string } | null
  /** Who deals with it, since when, and what he says. */
  acknowledged: { by: string; at: string; note: string } | null
  /** The incident that it is a part of. */
  mergedInto: number | null
}

export interface IncidentSearch extends Narrowed {
  state?: IncidentView['state'] | undefined
  server?: string | undefined
  backend?: string | undefined
  /** Older than this one. */
  before?: number | undefined
  limit?: number | undefined
}

export interface IncidentStep {
  at: string
  kind: StepKind
  objects: number
  /** Null when it was seen. */
  by: string | null
}

const DEFAULT_LIMIT = 50

/** Incidents that fit, the newest first. */
export function listIncidents(db: Queryable, search: IncidentSearch = {}): Promise<IncidentView[]> {
  const { before, limit = DEFAULT_LIMIT } = search
  const behind: Condition[] = before === undefined ? [] : [(parameter) => `i.id < ${parameter(before)}`]
  return queryWith<IncidentView>(
    db,
    (parameter, all) =>
      `${VIEW} where ${all([...behind, ...conditionsOf(search)])} order by i.id desc limit ${parameter(limit)}`,
  )
}

/** How many incidents fit. */
export function countIncidents(db: Queryable, search: IncidentSearch): Promise<Counted> {
  return countRows(db, TABLES, conditionsOf(search))
}

function conditionsOf(search: IncidentSearch): Condition[] {
  const { state, server, backend, where = [] } = search
  const conditions = [seenRows(search, 'incident', 'i'), ...where]
  if (state !== undefined) conditions.push((parameter) => `i.state = ${parameter(state)}`)
  if (server !== undefined) conditions.push((parameter) => `server.name = ${parameter(server)}`)
  if (backend !== undefined) conditions.push((parameter) => `i.backend = ${parameter(backend)}`)
  return conditions
}

/** @throws OrchestraError ORC_INCIDENT_UNKNOWN */
export async function readIncident(
  db: Queryable,
  id: number,
): Promise<IncidentView & { steps: IncidentStep[] }> {
  const [incident] = await db.query<IncidentView>(`${VIEW} where i.id = $1`, [id])
  if (incident === undefined) throw unknownIncident(id)
  const steps = await db.query<IncidentStep>(STEPS, [id])
  return { ...incident, steps }
}

export function unknownIncident(id: number): OrchestraError {
  return new OrchestraError('ORC_INCIDENT_UNKNOWN', `There is no incident ${id}`, {
    hint: '`orchestra incident list --state recovered` lists those that are over; retention drops them later',
  })
}

const TABLES = 'orchestra.incident i left join orchestra.server on server.id = i.server_id'

const VIEW = `
select i.id, i.state, server.name as server, i.backend, i.outcome, i.error, i.objects, i.most, i.samples, i.log_id as log,
  ${isoTime('i.opened_at')} as "openedAt", ${isoTime('i.seen_at')} as "seenAt", ${isoTime('i.ended_at')} as "endedAt",
  i.regressions, i.is_lasting as "isLasting", i.resolved_by as "resolvedBy",
  case when i.muted_until > now() then json_build_object(
    'by', i.muted_by, 'until', ${isoTime('i.muted_until')}, 'reason', i.muted_reason) end as muted,
  case when i.acknowledged_at is not null then json_build_object(
    'by', i.acknowledged_by, 'at', ${isoTime('i.acknowledged_at')}, 'note', i.acknowledged_note) end as acknowledged,
  i.merged_into as "mergedInto"
from ${TABLES}`

/** What a list of incidents can be narrowed by. */
export const incidentFilters: Filters = {
  by: {
    server: serverNamed('i.server_id'),
    backend: named('i.backend', 'A backend'),
    state: oneOf('i.state', incidentStates, 'How it stands'),
    outcome: oneOf(
      'i.outcome',
      [...outcomes, REPORTED],
      'How what failed ended; `override` is what was done without an approval',
    ),
    is: choice(
      {
        open: `i.state = 'open'`,
        muted: 'i.muted_until > now()',
        lasting: 'i.is_lasting',
        regressed: 'i.regressions > 0',
        acknowledged: 'i.acknowledged_at is not null',
        merged: 'i.merged_into is not null',
      },
      'How it stands, in short',
    ),
    since: moment('i.opened_at', 'since'),
    until: moment('i.opened_at', 'until'),
  },
  text: { about: 'What stands in the error', where: textIn('i.error') },
}

const STEPS = `
select ${isoTime('at')} as at, kind, objects, actor as by from orchestra.incident_step where incident_id = $1 order by id`

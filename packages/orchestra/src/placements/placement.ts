import type { PlacementState } from '../collector/index.ts'
import { isoTime } from '../logs/index.ts'
import {
  anyOf,
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  likePattern,
  moment,
  type Narrowed,
  named,
  numbered,
  objectNamed,
  type Parameter,
  queryWith,
  seenRows,
  serverNamed,
  textIn,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import { placeBehind } from './placement-cursor.ts'

/** Every state of a placement, in the order in which one goes through them. */
export const placementStates = [
  'pending',
  'applied',
  'failed',
  'deleting',
  'kept',
] as const satisfies PlacementState[]

/** What stands of one object on one server, as far as Orchestra put it there. */
export interface PlacementView {
  backend: string
  server: string
  /** `model:key` */
  object: string
  /** What names the object on the server. */
  identity: string
  state: PlacementState
  /** Hash of what was rendered; null before the first success. */
  revision: string | null
  /** When it was last applied, ISO 8601, and by which log. */
  appliedAt: string | null
  logId: number | null
  /** Its backend would render it differently now. */
  stale: boolean
  /** Since when the object belongs elsewhere and this copy stays, ISO 8601. */
  keptAt: string | null
}

export interface PlacementFilter extends Narrowed {
  server?: string | undefined
  backend?: string | undefined
  model?: string | undefined
  /** `model:key` */
  object?: string | undefined
  /** What it is called there; `*` stands for anything. */
  identity?: string | undefined
  state?: PlacementState | undefined
  /** Default 1,000. */
  limit?: number | undefined
  /** Behind the placement that this was made of by `cursorOf`. */
  after?: string | undefined
}

const DEFAULT_LIMIT = 1_000

/** Placements that fit, in the order of their objects. */
export function listPlacements(store: Queryable, filter: PlacementFilter = {}): Promise<PlacementView[]> {
  const { limit = DEFAULT_LIMIT, after, model } = filter
  const conditions = [
    ...conditionsOf(filter),
    ...(model === undefined ? [] : [ofModel(model)]),
    ...(after === undefined ? [] : [behind(after)]),
  ]
  return queryWith<PlacementView>(
    store,
    (parameter, all) => `
select placement.backend, server.name as server, placement.model || ':' || placement.object_key as object,
  placement.identity, placement.state, placement.revision, ${isoTime('placement.applied_at')} as "appliedAt",
  placement.log_id as "logId", placement.stale, ${isoTime('placement.kept_at')} as "keptAt"
from ${TABLES} where ${all(conditions)}
order by ${INDEXED}, ${ORDER}
limit ${parameter(limit)}`,
  )
}

/** How many placements fit, whatever the limit. */
export async function countPlacements(store: Queryable, filter: PlacementFilter): Promise<number> {
  const [row] = await queryWith<{ count: number }>(
    store,
    (_, all) => `select count(*) as count from ${TABLES} where ${all(conditionsOf(filter))}`,
  )
  return row?.count ?? 0
}

/** The same, as far as anybody would count them. */
export function countSomePlacements(store: Queryable, filter: PlacementFilter): Promise<Counted> {
  return countRows(store, TABLES, conditionsOf(filter))
}

export const TABLES = 'orchestra.placement join orchestra.server on server.id = placement.server_id'

const IS_KEPT = `placement.want = 'leave' and placement.policy = 'keep'`

export const OBJECT = `placement.model || ':' || placement.object_key`

/** As much of it as the index holds, of which a row may not be as long as a key. */
export const INDEXED = `left(${OBJECT}, 200) collate "C"`

const ORDER = `(${OBJECT}) collate "C", placement.backend collate "C", server.name collate "C"`

function conditionsOf(filter: PlacementFilter): Condition[] {
  const { server, backend, model, object, identity, state, where = [] } = filter
  const conditions = [seenRows(filter, 'placement', 'placement'), ...where]
  if (server !== undefined) conditions.push((parameter) => `server.name = ${parameter(server)}`)
  if (backend !== undefined) conditions.push((parameter) => `placement.backend = ${parameter(backend)}`)
  if (model !== undefined) conditions.push((parameter) => `placement.model = ${parameter(model)}`)
  if (object !== undefined)
    conditions.push((parameter) => objectNamed('placement').where([object], parameter))
  if (identity !== undefined) conditions.push((parameter) => identityIs(identity, parameter))
  if (state !== undefined) conditions.push((parameter) => `placement.state = ${parameter(state)}`)
  if (state === 'kept') conditions.push(() => IS_KEPT)
  return conditions
}

/** Its index has a hash of it, because a name may be long. */
function identityIs(identity: string, parameter: Parameter): string {
  const same = likePattern('placement.identity', identity, parameter)
  return identity.includes('*')
    ? same
    : `md5(placement.identity) = md5(${parameter(identity)}::text) and ${same}`
}

/** Where the index has the objects of a model. */
function ofModel(model: string): Condition {
  return (parameter) => {
    const name = parameter(model)
    return `${INDEXED} >= ${name}::text || ':' and ${INDEXED} < ${name} || ';'`
  }
}

function behind(cursor: string): Condition {
  const [model, key, backend, server] = placeBehind(cursor)
  return (parameter) => {
    const object = `${parameter(`${model}:${key}`)}::text`
    return `((${ORDER}) > (${object}, ${parameter(backend)}::text, ${parameter(server)}::text)
      and ${INDEXED} >= left(${object}, 200))`
  }
}

/** What a list of placements can be narrowed by. */
export const placementFilters: Filters = {
  by: {
    server: serverNamed('placement.server_id'),
    backend: named('placement.backend', 'A backend'),
    model: named('placement.model', 'A model'),
    object: objectNamed('placement'),
    identity: {
      about: 'What it is called on the server; `*` stands for anything',
      where: (values, parameter) => anyOf(values.map((value) => `(${identityIs(value, parameter)})`)),
    },
    state: choice(
      Object.fromEntries(placementStates.map((state) => [state, stateIs(state)])),
      'How it stands',
    ),
    is: choice(
      {
        stale: 'placement.stale',
        kept: IS_KEPT,
        open: 'placement.open',
        failing: `placement.open and placement.attempt > 0`,
      },
      'What is special about it',
    ),
    log: numbered('placement.log_id', 'The log that applied it last'),
    since: moment('placement.applied_at', 'since'),
    until: moment('placement.applied_at', 'until'),
  },
  text: {
    about: 'What stands in the object or in its name on the server',
    where: textIn(OBJECT, 'placement.identity'),
  },
}

function stateIs(state: PlacementState): string {
  return `placement.state = '${state}'${state === 'kept' ? ` and ${IS_KEPT}` : ''}`
}

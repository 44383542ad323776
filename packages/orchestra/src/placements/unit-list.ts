import { isoTime } from '../logs/index.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  objectNamed,
  type Parameter,
  patterned,
  queryWith,
  seenRows,
  textIn,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'

/** One unit of work, as a list shows it. Times are ISO 8601. */
export interface UnitSummary {
  id: string
  actor: string | null
  source: string | null
  /** Database users who were logged in where it was written, whatever actor was named. */
  logins: string[]
  createdAt: string
  operations: number
  /** Operations that have not ended. */
  open: number
  /** Operations whose last try did not succeed. */
  failed: number
}

export interface UnitSearch extends Narrowed {
  actor?: string
  /** Default 20. */
  limit?: number
  /** Id of the last unit of the page before. */
  before?: string
}

const DEFAULT_LIMIT = 20

/** Units that were looked at, newest first. Behind one that retention has removed there is nothing. */
export function listUnits(store: Queryable, search: UnitSearch = {}): Promise<UnitSummary[]> {
  const { before, limit = DEFAULT_LIMIT } = search
  const behind: Condition = (parameter) =>
    `(unit.created_at, unit.id) < (select created_at, id from orchestra.unit where id = ${parameter(before)}::uuid)`
  const conditions = [...(before === undefined ? [] : [behind]), ...conditionsOf(search)]
  return queryWith<UnitSummary>(
    store,
    (parameter, all) => `
${operationsSeen(search)(parameter)}
select unit.id, unit.actor, unit.source, unit.logins, ${isoTime('unit.created_at')} as "createdAt",
  coalesce(work.operations, 0) as operations, coalesce(work.open, 0) as open, coalesce(work.failed, 0) as failed
from (
  select * from orchestra.unit where ${all(conditions)}
  order by created_at desc, id desc limit ${parameter(limit)}
) as unit
left join lateral (
  select count(*) as operations, count(*) filter (where state in ('waiting', 'running')) as open,
    count(*) filter (where ${HAS_FAILED}) as failed
  from ${SEEN} where operation.unit_id = unit.id or operation.id = any(unit.carried)
) as work on true
order by unit.created_at desc, unit.id desc`,
  )
}

/** How many units fit. */
export function countUnits(store: Queryable, search: UnitSearch): Promise<Counted> {
  return countRows(store, 'orchestra.unit', conditionsOf(search), operationsSeen(search))
}

const HAS_FAILED = `outcome not in ('success', 'nothing') and state <> 'superseded'`

/** What is told of a unit, and what it is found by, are the operations that somebody may see. */
function operationsSeen(search: UnitSearch): Condition {
  const seen = seenRows(search, 'operation', 'operation')
  return (parameter) =>
    `with operation_seen as not materialized (select * from orchestra.operation where ${seen(parameter)})`
}

const SEEN = 'operation_seen as operation'

function conditionsOf(search: UnitSearch): Condition[] {
  const { actor, where = [] } = search
  return [
    seenRows(search, 'unit', 'unit'),
    ...where,
    ...(actor === undefined ? [] : [(parameter: Parameter) => `unit.actor = ${parameter(actor)}`]),
  ]
}

/** Has operations that are so: its own, or those that went on to another unit. */
const some = (condition: string) =>
  `(exists (select from ${SEEN} where operation.unit_id = unit.id and ${condition})
    or exists (select from ${SEEN} where operation.id = any(unit.carried) and ${condition}))`

/** What a list of units can be narrowed by. */
export const unitFilters: Filters = {
  by: {
    actor: patterned('unit.actor', 'On whose behalf it was'),
    source: patterned('unit.source', 'What made the change'),
    login: {
      about: 'A database user who was logged in where it was written',
      where: (values, parameter) => `unit.logins && ${parameter(values)}::text[]`,
    },
    object: {
      ...objectNamed('operation'),
      about: 'An operation of this object, such as `object:site:12`',
      where: (values, parameter) => some(objectNamed('operation').where(values, parameter)),
    },
    is: choice(
      {
        open: some(`operation.state in ('waiting', 'running')`),
        failing: some(
          `operation.state in ('waiting', 'running') and operation.outcome in ('failure', 'timeout')`,
        ),
        failed: some(HAS_FAILED),
        done: `not ${some(`operation.state in ('waiting', 'running')`)}`,
      },
      'What became of it',
    ),
    since: moment('unit.created_at', 'since'),
    until: moment('unit.created_at', 'until'),
  },
  text: { about: 'What stands in the actor or in the source', where: textIn('unit.actor', 'unit.source') },
}

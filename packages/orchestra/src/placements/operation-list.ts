import { isCancelled } from '../operations/cancelled.ts'
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
  numbered,
  objectNamed,
  oneOf,
  type Parameter,
  patterned,
  seenRows,
  serverNamed,
  textIn,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import type { Knowing } from './asked.ts'
import { type OperationView, readOperations } from './operation.ts'

interface Selected extends Narrowed {
  /** `model:key` */
  object?: string | undefined
}

export interface OperationSearch extends Selected {
  /** Id of the last operation of the page before. */
  before?: number | undefined
  limit: number
}

/** Operations that fit, the newest first. */
export async function listOperations(
  store: Queryable,
  search: OperationSearch,
  knowing?: Knowing,
): Promise<OperationView[]> {
  const { before, limit } = search
  const behind: Condition = (parameter) => `operation.id < ${parameter(before)}`
  return operationsWith(
    store,
    [...(before === undefined ? [] : [behind]), ...conditionsOf(search)],
    'operation.id desc',
    limit,
    knowing,
  )
}

/** How many operations fit. */
export function countOperations(store: Queryable, search: Selected): Promise<Counted> {
  return countRows(store, 'orchestra.operation', conditionsOf(search))
}

function conditionsOf(search: Selected): Condition[] {
  const { object, where = [] } = search
  const own: Condition = (parameter) => objectNamed('operation').where([object ?? ''], parameter)
  return [seenRows(search, 'operation', 'operation'), ...where, ...(object === undefined ? [] : [own])]
}

/** What runs on a server and what waits there, the oldest first. */
export async function operationsOfLane(
  store: Queryable,
  { server, state, limit }: { server: number; state: 'waiting' | 'running'; limit: number },
  knowing?: Knowing,
): Promise<OperationView[]> {
  const there: Condition = (parameter) =>
    `operation.server_id = ${parameter(server)} and operation.state = '${state}'`
  return operationsWith(store, [there], 'operation.id', limit, knowing)
}

function operationsWith(
  store: Queryable,
  conditions: readonly Condition[],
  order: string,
  limit: number,
  knowing?: Knowing,
): Promise<OperationView[]> {
  const values: unknown[] = []
  const parameter: Parameter = (value) => `$${values.push(value)}`
  const all = ['true', ...conditions.map((condition) => condition(parameter))].join(' and ')
  return readOperations(store, `${all} order by ${order} limit ${parameter(limit)}`, values, knowing)
}

const IS_OPEN = `operation.state in ('waiting', 'running')`

/** What a list of operations can be narrowed by. */
export const operationFilters: Filters = {
  by: {
    server: serverNamed('operation.server_id'),
    backend: named('operation.backend', 'A backend'),
    model: named('operation.model', 'A model'),
    object: objectNamed('operation'),
    identity: patterned('operation.identity', 'What the object is called on the server'),
    action: named('operation.action', 'What is done: `save`, `delete`, or an action of the backend'),
    state: oneOf('operation.state', ['waiting', 'running', 'done', 'superseded'], 'How it stands'),
    outcome: oneOf('operation.outcome', outcomes, 'How it ended, or how its last try did'),
    is: choice(
      {
        open: IS_OPEN,
        waiting: `operation.state = 'waiting'`,
        running: `operation.state = 'running'`,
        failing: `operation.state = 'waiting' and operation.outcome in ('failure', 'timeout')`,
        held: `operation.state = 'waiting' and operation.held`,
        cancelled: isCancelled('operation'),
        undecided: `operation.state = 'waiting' and operation.server_id is null`,
        changed: 'operation.changed',
      },
      'How it stands, in short',
    ),
    unit: {
      about: 'A unit of work, by its whole id',
      fault: (value) => (UNIT.test(value) ? undefined : 'is not the id of a unit of work'),
      where: (values, parameter) => `operation.unit_id = any(${parameter(values)}::uuid[])`,
    },
    log: numbered('operation.log_id', 'The log of its last try'),
    since: moment('operation.created_at', 'since'),
    until: moment('operation.created_at', 'until'),
  },
  text: {
    about: 'What stands in the object, in its name on the server or in the error',
    where: textIn('operation.object_key', 'operation.identity', 'operation.error'),
  },
}

const UNIT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

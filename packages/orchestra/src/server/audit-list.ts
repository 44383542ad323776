import { isoTime } from '../logs/iso-time.ts'
import {
  anyOf,
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  type Parameter,
  patterned,
  queryWith,
  textIn,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'

/** What somebody did to Orchestra itself. */
export interface AuditView {
  id: number
  /** ISO 8601. */
  at: string
  by: string
  /** `server.set`, `route.remove` ... */
  action: string
  /** What it was done to: a server's name, `route:3`. */
  target: string
  detail: Record<string, unknown> | null
}

export interface AuditSearch extends Narrowed {
  by?: string | undefined
  /** `server.set`, or the first part of it: `server`. */
  action?: string | undefined
  target?: string | undefined
  /** At or after. */
  since?: Date | undefined
  /** Older than this entry. */
  before?: number | undefined
  /** Default 50. */
  limit?: number | undefined
}

const DEFAULT_LIMIT = 50

/** Entries of the audit that fit, the newest first. */
export function listAudit(store: Queryable, search: AuditSearch = {}): Promise<AuditView[]> {
  const { before, limit = DEFAULT_LIMIT } = search
  const behind: Condition[] = before === undefined ? [] : [(parameter) => `id < ${parameter(before)}`]
  return queryWith<AuditView>(
    store,
    (parameter, all) =>
      `select id, ${isoTime('at')} as at, actor as by, action, target, detail from orchestra.audit
       where ${all([...behind, ...conditionsOf(search)])} order by id desc limit ${parameter(limit)}`,
  )
}

/** How many entries fit. */
export function countAudit(store: Queryable, search: AuditSearch): Promise<Counted> {
  return countRows(store, 'orchestra.audit', conditionsOf(search))
}

function conditionsOf({ by, action, target, since, where = [] }: AuditSearch): Condition[] {
  const conditions = [...where]
  if (by !== undefined) conditions.push((parameter) => `actor = ${parameter(by)}`)
  if (action !== undefined) conditions.push((parameter) => actionIs(action, parameter))
  if (target !== undefined) conditions.push((parameter) => `target = ${parameter(target)}`)
  if (since !== undefined) conditions.push((parameter) => `at >= ${parameter(since)}`)
  return conditions
}

function actionIs(action: string, parameter: Parameter): string {
  const asked = parameter(action)
  return `(action = ${asked} or split_part(action, '.', 1) = ${asked})`
}

/** What the audit can be narrowed by. */
export const auditFilters: Filters = {
  by: {
    by: patterned('actor', 'Who did it'),
    action: {
      about: 'What was done, or the first part of its name: `server.set`, `server`',
      where: (values, parameter) => anyOf(values.map((value) => actionIs(value, parameter))),
    },
    target: patterned('target', 'What it was done to'),
    is: choice(
      { failed: `detail ? 'failed'`, done: `not coalesce(detail ? 'failed', false)` },
      'What came of it',
    ),
    since: moment('at', 'since'),
    until: moment('at', 'until'),
  },
  text: {
    about: 'What stands in the target, in the name of the action or in who it was',
    where: textIn('target', 'action', 'actor'),
  },
}

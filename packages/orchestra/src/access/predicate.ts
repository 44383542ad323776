import type { RowKind } from '../store/index.ts'
import { type Dimension, dimensions, isEverything, type Scope } from './scope.ts'

/** Where the rows of a query tell what they are about: SQL expressions, of which `servers` is the id of a server. What is left out they do not tell. */
export type Columns = Readonly<Partial<Record<Dimension, string>>>

/** A condition for `where`, and what stands for its parameters. */
export interface Predicate {
  sql: string
  values: unknown[]
}

/**
 * Which rows scopes cover, exactly as `allows` says of each: names are values, never SQL. It is true or not true (false or null), so it
 * belongs into `where` and `filter`, and under no `not`.
 * @param first the number of its first parameter
 */
export function predicate(scopes: readonly Scope[], columns: Columns, first = 1): Predicate {
  if (scopes.some(isEverything)) return { sql: 'true', values: [] }
  const values: unknown[] = []
  const parameter = (value: unknown) => `$${first + values.push(value) - 1}`
  const parts = scopes.flatMap((scope) => conditionOf(scope, columns, parameter) ?? [])
  return { sql: parts.length === 0 ? 'false' : `(${parts.join(' or ')})`, values }
}

/** Undefined where the rows cannot be in the scope. */
function conditionOf(
  scope: Scope,
  columns: Columns,
  parameter: (value: unknown) => string,
): string | undefined {
  const limits = dimensions.flatMap((dimension) => {
    const names = scope[dimension]
    return names === null ? [] : [{ dimension, names, column: columns[dimension] }]
  })
  if (limits.some(({ column }) => column === undefined)) return undefined
  const conditions = limits.map(({ dimension, names, column }) => {
    const list = `${parameter(names)}::text[]`
    // An array that is made once, so that an index can be asked for it.
    return dimension === 'servers'
      ? `${column} = any (array(select id from orchestra.server where name = any (${list})))`
      : `${column} = any (${list})`
  })
  return `(${conditions.join(' and ')})`
}

/**
 * The same for rows of a table.
 * @param alias what the query calls the table
 */
export function rowPredicate(scopes: readonly Scope[], kind: RowKind, alias: string, first = 1): Predicate {
  if (scopes.some(isEverything)) return { sql: 'true', values: [] }
  return finders[kind](scopes, alias, first)
}

type Finder = (scopes: readonly Scope[], alias: string, first: number) => Predicate

const whole = (alias: string): Columns => ({
  servers: `${alias}.server_id`,
  backends: `${alias}.backend`,
  models: `${alias}.model`,
})

const operations = (alias: string): Columns => ({ ...whole(alias), actions: `${alias}.action` })

const finders: Readonly<Record<RowKind, Finder>> = {
  placement: (scopes, alias, first) => predicate(scopes, whole(alias), first),
  finding: (scopes, alias, first) => predicate(scopes, whole(alias), first),
  operation: (scopes, alias, first) => predicate(scopes, operations(alias), first),
  transfer: ofTransfer,
  log: ofLog,
  unit: (scopes, alias, first) => someOperation(scopes, `operation_there.unit_id = ${alias}.id`, first),
  event: ofEvent,
  sync: (scopes, alias, first) => predicate(scopes, whole(alias), first),
}

/** Both servers see data that goes from one to the other. */
function ofTransfer(scopes: readonly Scope[], alias: string, first: number): Predicate {
  const from = predicate(scopes, { ...whole(alias), servers: `${alias}.from_server` }, first)
  const to = predicate(scopes, { ...whole(alias), servers: `${alias}.to_server` }, first + from.values.length)
  return { sql: `(${from.sql} and ${to.sql})`, values: [...from.values, ...to.values] }
}

function someOperation(scopes: readonly Scope[], which: string, first: number): Predicate {
  const { sql, values } = predicate(scopes, operations('operation_there'), first)
  return {
    sql: `exists (select from orchestra.operation operation_there where ${which} and ${sql})`,
    values,
  }
}

/** A script and its output are of all its operations together: whoever may not see one of them sees nothing of it. */
function ofLog(scopes: readonly Scope[], alias: string, first: number): Predicate {
  const placesAlone = scopes.every(({ models, actions }) => models === null && actions === null)
  const own = { servers: `${alias}.server_id`, backends: `${alias}.backend` }
  if (placesAlone) return predicate(scopes, own, first)
  const columns = { ...own, models: 'operation_there.model', actions: 'operation_there.action' }
  const { sql, values } = predicate(scopes, columns, first)
  const joined = `from orchestra.log_operation done_there
    left join orchestra.operation operation_there on operation_there.id = done_there.operation_id
    where done_there.log_id = ${alias}.id`
  return {
    sql: `(exists (select ${joined}) and not exists (select ${joined} and (${sql}) is not true))`,
    values,
  }
}

/** An event is seen by whoever sees what it leads to. */
function ofEvent(scopes: readonly Scope[], alias: string, first: number): Predicate {
  const values: unknown[] = []
  const number = (field: string) => `(${alias}.detail ->> '${field}')::bigint`
  const add = (kinds: string, make: (first: number) => Predicate, from?: string, id?: string): string => {
    const made = make(first + values.length)
    values.push(...made.values)
    const inner = from === undefined ? made.sql : `exists (select from ${from} where ${id} and ${made.sql})`
    return `when ${alias}.kind in (${kinds}) then ${inner}`
  }
  const unit = `operation_there.unit_id = (${alias}.detail ->> 'unit')::uuid`
  const cases = [
    add(`'unit'`, (at) => someOperation(scopes, unit, at)),
    add(
      `'script-started', 'script-ended'`,
      (at) => ofLog(scopes, 'log_there', at),
      'orchestra.log log_there',
      `log_there.id = ${number('log')}`,
    ),
    add(`'server-blocked', 'server-answers', 'inspection-ended'`, (at) =>
      predicate(scopes, { servers: number('server') }, at),
    ),
    add(
      `'transfer-failed', 'transfer-ended'`,
      (at) => ofTransfer(scopes, 'transfer_there', at),
      'orchestra.transfer transfer_there',
      `transfer_there.id = ${number('transfer')}`,
    ),
  ]
  return { sql: `(case ${cases.join(' ')} else false end)`, values }
}

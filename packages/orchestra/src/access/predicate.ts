import type { Parameter, RowKind } from '../store/index.ts'
import { type Dimension, dimensions, isEverything, type Scope } from './scope.ts'

/** Where the rows of a query tell what they are about: SQL expressions, of which `servers` is the id of a server. What is left out they do not tell. */
export type Columns = Readonly<Partial<Record<Dimension, string>>>

/**
 * Which rows scopes cover, exactly as `allows` says of each: names are values, never SQL. It is true or not true (false or null), so it
 * belongs into `where` and `filter`, and under no `not`.
 */
export function predicate(scopes: readonly Scope[], columns: Columns, parameter: Parameter): string {
  if (scopes.some(isEverything)) return 'true'
  const parts = scopes.flatMap((scope) => conditionOf(scope, columns, parameter) ?? [])
  return parts.length === 0 ? 'false' : `(${parts.join(' or ')})`
}

/** Undefined where the rows cannot be in the scope. */
function conditionOf(scope: Scope, columns: Columns, parameter: Parameter): string | undefined {
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
export function rowPredicate(
  scopes: readonly Scope[],
  kind: RowKind,
  alias: string,
  parameter: Parameter,
): string {
  return scopes.some(isEverything) ? 'true' : finders[kind](scopes, alias, parameter)
}

type Finder = (scopes: readonly Scope[], alias: string, parameter: Parameter) => string

const whole = (alias: string): Columns => ({
  servers: `${alias}.server_id`,
  backends: `${alias}.backend`,
  models: `${alias}.model`,
})

const operations = (alias: string): Columns => ({ ...whole(alias), actions: `${alias}.action` })

const places = (alias: string): Columns => ({ servers: `${alias}.server_id`, backends: `${alias}.backend` })

const by =
  (columns: (alias: string) => Columns): Finder =>
  (scopes, alias, parameter) =>
    predicate(scopes, columns(alias), parameter)

const finders: Readonly<Record<RowKind, Finder>> = {
  server: by((alias) => ({ servers: `${alias}.id` })),
  route: by(places),
  protection: by((alias) => ({ backends: `${alias}.backend`, models: `${alias}.model` })),
  placement: by(whole),
  finding: by(whole),
  operation: by(operations),
  transfer: ofTransfer,
  log: ofLog,
  unit: (scopes, alias, parameter) =>
    someOperation(scopes, `operation_there.unit_id = ${alias}.id`, parameter),
  event: ofEvent,
  sync: by(whole),
  plan: ofPlan,
  // Its samples may be of any model.
  incident: by(places),
}

/** Both servers see data that goes from one to the other. */
function ofTransfer(scopes: readonly Scope[], alias: string, parameter: Parameter): string {
  const end = (servers: string) => predicate(scopes, { ...whole(alias), servers }, parameter)
  return `(${end(`${alias}.from_server`)} and ${end(`${alias}.to_server`)})`
}

function someOperation(scopes: readonly Scope[], which: string, parameter: Parameter): string {
  const seen = predicate(scopes, operations('operation_there'), parameter)
  return `exists (select from orchestra.operation operation_there where ${which} and ${seen})`
}

/** A script and its output are of all its operations together: whoever may not see one of them sees nothing of it. */
function ofLog(scopes: readonly Scope[], alias: string, parameter: Parameter): string {
  const placesAlone = scopes.every(({ models, actions }) => models === null && actions === null)
  if (placesAlone) return predicate(scopes, places(alias), parameter)
  const columns = { ...places(alias), models: 'operation_there.model', actions: 'operation_there.action' }
  const seen = predicate(scopes, columns, parameter)
  const joined = `from orchestra.log_operation done_there
    left join orchestra.operation operation_there on operation_there.id = done_there.operation_id
    where done_there.log_id = ${alias}.id`
  return `(exists (select ${joined}) and not exists (select ${joined} and (${seen}) is not true))`
}

/** A plan is of all that it was asked for and of all that it does, which may be elsewhere too: data that arrives leaves another server. */
function ofPlan(scopes: readonly Scope[], alias: string, parameter: Parameter): string {
  const there = {
    servers: 'place_there.server_id',
    backends: 'place_there.backend',
    models: 'place_there.model',
    actions: 'place_there.action',
  }
  const done = `not exists (
    select from jsonb_to_recordset(${alias}.places) as place_there(server_id integer, backend text, model text, action text)
    where (${predicate(scopes, there, parameter)}) is not true)`
  return `(${predicate(scopes, whole(alias), parameter)} and ${alias}.places is not null and ${done})`
}

/** An event is seen by whoever sees what it leads to. */
function ofEvent(scopes: readonly Scope[], alias: string, parameter: Parameter): string {
  const number = (field: string) => `(${alias}.detail ->> '${field}')::bigint`
  const unit = `operation_there.unit_id = (${alias}.detail ->> 'unit')::uuid`
  return `(case
    when ${alias}.kind = 'unit' then ${someOperation(scopes, unit, parameter)}
    when ${alias}.kind in ('script-started', 'script-ended') then exists (
      select from orchestra.log log_there where log_there.id = ${number('log')} and ${ofLog(scopes, 'log_there', parameter)})
    when ${alias}.kind in ('server-blocked', 'server-answers', 'inspection-ended')
      then ${predicate(scopes, { servers: number('server') }, parameter)}
    when ${alias}.kind in ('transfer-failed', 'transfer-ended') then exists (
      select from orchestra.transfer transfer_there where transfer_there.id = ${number('transfer')}
        and ${ofTransfer(scopes, 'transfer_there', parameter)})
    else false end)`
}

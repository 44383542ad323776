import type { Catalog, FoundTable } from './catalog.ts'
import { quoteTableName } from './table-name.ts'
import { type CaptureEvent, events, functionBody, triggerName } from './trigger-sql.ts'
import type { Watch } from './watch.ts'

export type CaptureState =
  | 'ok'
  | 'missing'
  | 'disabled'
  | 'outdated'
  | 'table missing'
  | 'table unsupported'
  | 'column missing'

/** Whether one kind of change of one watched table is captured; without an event it is the table that has a problem. */
export interface CaptureStatus {
  model: string
  table: string
  event: CaptureEvent | undefined
  state: CaptureState
  detail: string
}

/** A watch beside what the database has for it. */
export interface Examined {
  watch: Watch
  tables: readonly FoundTable[]
  /** What the trigger function should be. */
  body: string
  /** The key's text depends on settings of the session unless the function fixes them. */
  fixedText: boolean
  statuses: readonly CaptureStatus[]
}

const SUPPORTED_KINDS = ['r', 'p']
const KIND_NAMES: Record<string, string> = {
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  c: 'type',
  i: 'index',
  S: 'sequence',
}

/** Compares one watch with the database. */
export function examine(watch: Watch, tables: readonly FoundTable[], catalog: Catalog): Examined {
  const [root] = tables
  const fixedText = root !== undefined && watch.columns.some((column) => root.columns[column] === false)
  const body = functionBody(watch, fixedText)
  const problem = problemOf(watch, tables)
  const statuses = problem === undefined ? triggerStatuses(watch, tables, catalog, body) : [problem]
  return { watch, tables, body, fixedText, statuses }
}

function problemOf(watch: Watch, tables: readonly FoundTable[]): CaptureStatus | undefined {
  const [root] = tables
  const problem = (state: CaptureState, detail: string): CaptureStatus => ({
    model: watch.model,
    table: root?.name ?? quoteTableName(watch.table),
    event: undefined,
    state,
    detail,
  })
  if (root === undefined)
    return problem('table missing', `Table ${quoteTableName(watch.table)} does not exist`)
  const odd = tables.find((table) => !SUPPORTED_KINDS.includes(table.kind))
  if (odd !== undefined) {
    const kind = KIND_NAMES[odd.kind] ?? 'relation'
    return problem('table unsupported', `${odd.name} is a ${kind}, whose changes triggers cannot capture`)
  }
  const absent = [...watch.columns, ...watch.ignore].filter((column) => !Object.hasOwn(root.columns, column))
  if (absent.length === 0) return undefined
  return problem(
    'column missing',
    `Table ${root.name} has no column ${absent.map((name) => JSON.stringify(name)).join(', ')}`,
  )
}

function triggerStatuses(
  watch: Watch,
  tables: readonly FoundTable[],
  catalog: Catalog,
  body: string,
): CaptureStatus[] {
  const outdated = catalog.functions.get(watch.name) !== body
  return tables.flatMap((table) =>
    events.map((event) => {
      const state = triggerState(watch, table, event, catalog)
      const { name } = table
      if (state === 'ok' && outdated) return status(watch, name, event, 'outdated')
      return status(watch, name, event, state)
    }),
  )
}

function triggerState(watch: Watch, table: FoundTable, event: CaptureEvent, catalog: Catalog): CaptureState {
  const name = triggerName(watch.name, event)
  const found = catalog.triggers.find((trigger) => trigger.table === table.oid && trigger.name === name)
  if (found === undefined) return 'missing'
  if (!found.enabled) return 'disabled'
  return found.function === watch.name ? 'ok' : 'outdated'
}

function status(watch: Watch, table: string, event: CaptureEvent, state: CaptureState): CaptureStatus {
  const trigger = triggerName(watch.name, event)
  const details: Partial<Record<CaptureState, string>> = {
    ok: `${event} on ${table} is captured`,
    missing: `Table ${table} has no trigger ${trigger}: its ${event}s go unnoticed`,
    disabled: `Trigger ${trigger} on ${table} is disabled: its ${event}s go unnoticed`,
    outdated: `Trigger ${trigger} on ${table} was made for another definition of model ${watch.model}`,
  }
  return { model: watch.model, table, event, state, detail: details[state] ?? '' }
}

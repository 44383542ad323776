import type { Catalog, FoundTable } from './catalog.ts'
import type { Captured } from './row-images.ts'
import { quoteTableName } from './table-name.ts'
import { functionBody } from './trigger-body.ts'
import { type CaptureEvent, events, triggerName } from './trigger-sql.ts'
import type { Watch } from './watch.ts'

export type CaptureState =
  | 'ok'
  | 'missing'
  | 'disabled'
  | 'outdated'
  | 'table missing'
  | 'table unsupported'
  | 'column missing'
  /** Another table has the model's triggers too: it had the name before. */
  | 'table replaced'

/** Whether one kind of change of one watched table is captured; without an event it is the table that has a problem. */
export interface CaptureStatus {
  model: string
  table: string
  event: CaptureEvent | undefined
  state: CaptureState
  detail: string
  /** What to do about it; null where `orchestra up` does it. */
  hint: string | null
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

/** States in which nothing can be installed for a watch. */
const UNCAPTURABLE: readonly CaptureState[] = ['table missing', 'table unsupported', 'column missing']

export function isUncapturable({ state }: CaptureStatus): boolean {
  return UNCAPTURABLE.includes(state)
}

/**
 * Compares one watch with the database.
 * @param owner who is to own its function; undefined leaves it with whoever does
 */
export function examine(
  watch: Watch,
  tables: readonly FoundTable[],
  catalog: Catalog,
  owner: string | undefined,
): Examined {
  const columns = tables[0]?.columns ?? {}
  const fixedText = watch.columns.some((column) => columns[column]?.isSteady === false)
  const body = functionBody({ watch, columns }, fixedText)
  const problem = problemOf(watch, tables, catalog)
  const statuses =
    problem === undefined
      ? [
          ...triggerStatuses({ watch, columns }, tables, catalog, { body, owner }),
          ...replacedStatuses(watch, tables, catalog),
        ]
      : [problem]
  return { watch, tables, body, fixedText, statuses }
}

type Problem = Pick<CaptureStatus, 'state' | 'detail' | 'hint'>

function problemOf(watch: Watch, tables: readonly FoundTable[], catalog: Catalog): CaptureStatus | undefined {
  const [root] = tables
  const table = root?.name ?? quoteTableName(watch.table)
  const problem =
    root === undefined ? missing(watch, table, catalog) : (unsupported(tables) ?? incomplete(watch, root))
  return problem && { model: watch.model, table, event: undefined, ...problem }
}

function missing(watch: Watch, table: string, catalog: Catalog): Problem {
  const [carrier] = tablesWith(watch, catalog)
  const renamed = carrier === undefined ? '' : `; ${carrier} has its triggers, so it was renamed`
  return {
    state: 'table missing',
    detail: `Table ${table} does not exist${renamed}`,
    hint: 'Create the table, or correct `table` of the model (upper and lower case count)',
  }
}

function unsupported(tables: readonly FoundTable[]): Problem | undefined {
  const [root] = tables
  if (root !== undefined && root.parent !== null)
    return {
      state: 'table unsupported',
      detail: `${root.name} is a part of ${root.parent}: what is written through that goes by its triggers`,
      hint: `Name ${root.parent}`,
    }
  const odd = tables.find((one) => !SUPPORTED_KINDS.includes(one.kind))
  if (odd === undefined) return undefined
  const kind = KIND_NAMES[odd.kind] ?? 'relation'
  return {
    state: 'table unsupported',
    detail: `${odd.name} is a ${kind}, whose changes triggers cannot capture`,
    hint: 'Name an ordinary or partitioned table',
  }
}

function incomplete(watch: Watch, root: FoundTable): Problem | undefined {
  const absent = [...watch.columns, ...watch.ignore].filter((column) => !Object.hasOwn(root.columns, column))
  if (absent.length > 0)
    return {
      state: 'column missing',
      detail: `Table ${root.name} has no column ${absent.map((name) => JSON.stringify(name)).join(', ')}`,
      hint: 'Correct the names in key, ignore or references (upper and lower case count), or migrate the table first',
    }
  const virtual = watch.columns.find((column) => root.columns[column]?.isVirtual === true)
  if (virtual === undefined) return undefined
  return {
    state: 'column missing',
    detail: `Column ${JSON.stringify(virtual)} of ${root.name} is a virtual generated column, which triggers are not given`,
    hint: 'Make it a stored one, or name the columns that it is computed from',
  }
}

function triggerStatuses(
  { watch }: Captured,
  tables: readonly FoundTable[],
  catalog: Catalog,
  wanted: { body: string; owner: string | undefined },
): CaptureStatus[] {
  const found = catalog.functions.get(watch.name)
  const isOutdated =
    found?.body !== wanted.body || (wanted.owner !== undefined && found.owner !== wanted.owner)
  return tables.flatMap(({ oid, name }) =>
    events.map((event) => {
      const state = triggerState(watch, oid, event, catalog)
      return status(watch, name, event, state === 'ok' && isOutdated ? 'outdated' : state)
    }),
  )
}

function triggerState(watch: Watch, table: number, event: CaptureEvent, catalog: Catalog): CaptureState {
  const name = triggerName(watch.name, event)
  const found = catalog.triggers.find((trigger) => trigger.table === table && trigger.name === name)
  if (found === undefined) return 'missing'
  if (!found.enabled) return 'disabled'
  return found.function === watch.name ? 'ok' : 'outdated'
}

/** Of two tables with the triggers of one model nobody can tell which is meant. */
function replacedStatuses(watch: Watch, tables: readonly FoundTable[], catalog: Catalog): CaptureStatus[] {
  const known = new Set(tables.map(({ name }) => name))
  const others = tablesWith(watch, catalog).filter((name) => !known.has(name))
  const table = tables[0]?.name ?? ''
  return others.map((other) => ({
    model: watch.model,
    table,
    event: undefined,
    state: 'table replaced',
    detail: `${other} has the triggers of model ${watch.model} too: ${table} took its name`,
    hint: `Nothing that ${table} does not hold is removed until it is clear which is meant. If it is ${table}: ${events
      .map((event) => `drop trigger ${triggerName(watch.name, event)} on ${other};`)
      .join(' ')}`,
  }))
}

function tablesWith(watch: Watch, { triggers }: Catalog): string[] {
  const own = triggers.filter((trigger) => trigger.function === watch.name)
  return [...new Set(own.map(({ tableName }) => tableName))]
}

function status(watch: Watch, table: string, event: CaptureEvent, state: CaptureState): CaptureStatus {
  const trigger = triggerName(watch.name, event)
  const details: Partial<Record<CaptureState, string>> = {
    ok: `${event} on ${table} is captured`,
    missing: `Table ${table} has no trigger ${trigger}: its ${event}s go unnoticed`,
    disabled: `Trigger ${trigger} on ${table} is disabled: its ${event}s go unnoticed`,
    outdated: `Trigger ${trigger} on ${table} was made for another definition of model ${watch.model}`,
  }
  return { model: watch.model, table, event, state, detail: details[state] ?? '', hint: null }
}

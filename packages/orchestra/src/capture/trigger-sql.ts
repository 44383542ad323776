import { quoteIdentifier, quoteLiteral } from './table-name.ts'
import type { Watch } from './watch.ts'

export const events = ['insert', 'update', 'delete', 'truncate'] as const

export type CaptureEvent = (typeof events)[number]

/** Setting up a fixed way to write values costs a little at each statement, so only keys that need it pay. */
const FIXED_TEXT_SETTINGS = {
  datestyle: 'ISO, MDY',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
}

export function createFunction({ name }: Watch, body: string, fixedText: boolean): string {
  const settings = fixedText ? Object.entries(FIXED_TEXT_SETTINGS) : []
  const clauses = settings.map(([setting, value]) => `set ${setting} = ${quoteLiteral(value)}`)
  const qualified = qualifiedFunction(name)
  return `create or replace function ${qualified}() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp ${clauses.join(' ')} as ${quoteLiteral(body)};
    revoke all on function ${qualified}() from public`
}

export function createTrigger(watch: Watch, event: CaptureEvent, table: string): string {
  return `create or replace trigger ${quoteIdentifier(triggerName(watch.name, event))}
    ${event === 'truncate' ? 'before' : 'after'} ${event} on ${table} ${transitionTables[event]}
    for each statement execute function ${qualifiedFunction(watch.name)}()`
}

export function qualifiedFunction(name: string): string {
  return `orchestra.${quoteIdentifier(name)}`
}

export function triggerName(watch: string, event: CaptureEvent): string {
  return `orchestra_${watch}_${event}`
}

const transitionTables: Record<CaptureEvent, string> = {
  insert: 'referencing new table as new_rows',
  update: 'referencing old table as old_rows new table as new_rows',
  delete: 'referencing old table as old_rows',
  truncate: '',
}

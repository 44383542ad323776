import { quoteLiteral } from './table-name.ts'
import type { ContextUnit } from './unit.ts'

/** What triggers read: whose change it is, where it comes from, and which trace it belongs to. */
export type Settings = readonly (readonly [name: string, value: string])[]

/** Longer sources help nobody and would be stored with every change. */
const LONGEST = 1000

/** What is refused only because settings go before it: CREATE INDEX CONCURRENTLY, and a COMMIT within a procedure. */
export const REFUSES_COMPANY: readonly string[] = ['25001', '2D000']

/** An empty id is none: each transaction is then a unit of its own. */
export function settingsOf(
  id: string,
  { actor, source, trace }: Pick<ContextUnit, 'actor' | 'source'> & Partial<Pick<ContextUnit, 'trace'>>,
): Settings {
  return [
    ['orchestra.unit_of_work', id],
    ['orchestra.actor', settable(actor ?? '')],
    ['orchestra.source', settable(source ?? '')],
    // Where nobody traces, statements are as they are without.
    ...(trace === undefined ? [] : [['orchestra.trace', trace] as const]),
  ]
}

/** What Postgres takes as text, and not too much of it. */
function settable(text: string): string {
  return text.replaceAll('\0', '').slice(0, LONGEST).toWellFormed()
}

/** One statement whose values are parameters, so that statistics of statements know one text. */
export function selectWithParameters(settings: Settings): string {
  return selectOf(settings, (_value, index) => `$${index + 1}`)
}

export function selectWithLiterals(settings: Settings): string {
  return selectOf(settings, quoteLiteral)
}

function selectOf(settings: Settings, write: (value: string, index: number) => string): string {
  const calls = settings.map(
    ([name, value], index) => `pg_catalog.set_config('${name}', ${write(value, index)}, true)`,
  )
  return `select ${calls.join(', ')}`
}

export function setLocals(settings: Settings): string[] {
  return settings.map(([name, value]) => `set local ${name} = ${quoteLiteral(value)}`)
}

import type { Cause } from '../placements/index.ts'
import { until } from './ages.ts'
import { stateColour } from './operation-lines.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

type Paint = Terminal['colour']

/** Failures that have one cause, as two lines: what went wrong and how often, and with what. */
export function causeLines(cause: Cause, paint: Paint, indent = '  '): string[] {
  const { count, action, outcome, error, backends, servers, logId } = cause
  const by = backends.length === 0 ? '' : ` by ${backends.map(oneLine).join(', ')}`
  const on = servers.length === 0 ? '' : ` on ${few(servers)}`
  const what = count === 1 ? `${action} ${oneLine(cause.objects[0] ?? '')}` : `${action} of ${count} objects`
  const log = logId === null ? '' : paint('dim', ` (log ${logId})`)
  const state = paint(stateColour(outcome), outcome.padEnd('unreachable'.length))
  return [
    `${indent}${state}  ${what}${by}${on}${log}`,
    ...(error === null ? [] : [`${indent}    ${oneLine(error)}${tryText(cause)}`]),
    ...(count === 1 ? [] : [`${indent}    ${objectNames(cause)}`]),
  ]
}

/** `site:1, site:2 and 298 more` */
export function objectNames({ objects, count }: Pick<Cause, 'objects' | 'count'>): string {
  const more = count > objects.length ? ` and ${count - objects.length} more` : ''
  return `${objects.map(oneLine).join(', ')}${more}`
}

function tryText({ nextTry, attempt, count }: Cause): string {
  if (nextTry === null) return ''
  return count === 1
    ? `; try ${attempt} was the last, the next is ${until(nextTry)}`
    : `; the next try is ${until(nextTry)}`
}

function few(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
  return `${names.slice(0, 3).map(oneLine).join(', ')}${more}`
}

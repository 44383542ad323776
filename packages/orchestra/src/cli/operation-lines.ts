import type { OperationView, WaitKind } from '../placements/index.ts'
import { until } from './ages.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

/** One operation in words, what is wrong with it and what it waits for below it. */
export function operationLines(operation: OperationView, terminal: Terminal): string[] {
  return [`  ${headline(operation, terminal)}`, ...reasons(operation).map((reason) => `      ${reason}`)]
}

function headline(operation: OperationView, terminal: Terminal): string {
  const { object, action, backend, server, logId } = operation
  const place = backend === null || server === null ? '' : ` by ${backend} on ${server}`
  const log = logId === null ? '' : terminal.colour('dim', ` (log ${logId})`)
  return `${stateText(operation, terminal)}  ${action} ${oneLine(object)}${place}${log}`
}

function stateText(operation: OperationView, terminal: Terminal): string {
  const state = shownState(operation)
  return terminal.colour(stateColour(state), state.padEnd('unreachable'.length))
}

/** The outcome once there is one, else where it stands. */
export function shownState({ state, outcome }: Pick<OperationView, 'state' | 'outcome'>): string {
  return outcome ?? state
}

export function stateColour(state: string): 'green' | 'red' | 'cyan' | 'yellow' {
  if (state === 'success' || state === 'nothing') return 'green'
  if (state === 'running') return 'cyan'
  return state === 'waiting' || state === 'superseded' || state === 'revoked' ? 'yellow' : 'red'
}

function reasons({ error, attempt, nextTry, waitsFor, state }: OperationView): string[] {
  const trying = nextTry === null ? '' : `; try ${attempt} was the last, the next is ${until(nextTry)}`
  const told = error === null ? [] : [`${oneLine(error)}${trying}`]
  if (waitsFor?.kind === 'cancelled') return [oneLine(waitsFor.text)]
  if (state !== 'waiting' || waitsFor === null || saysTheSame.includes(waitsFor.kind)) return told
  const waits = `waits: ${oneLine(waitsFor.text)}`
  return waitsFor.kind === 'server-blocked' ? [waits] : [...told, waits]
}

/** What is waited for is the next try, which stands beside the error. */
const saysTheSame: readonly WaitKind[] = ['retry', 'object']

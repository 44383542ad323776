import { shortUnit } from '../placements/index.ts'
import { actorText } from './actor-text.ts'
import { clock, took } from './ages.ts'
import type { Failure, ScriptFacts, WorkEvent } from './live-events.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

type Paint = Terminal['colour']

/** One event as lines for people, the first of them with the time. */
export function eventLines(event: WorkEvent, paint: Paint, now = new Date()): string[] {
  const time = paint('dim', clock(now))
  switch (event.event) {
    case 'unit':
      return [`${time}  ${unitText(event)}`, ...failureLines(event.failures, paint)]
    case 'started':
      return [`${time}  ${scriptName(event)} runs ${count(event.operations, 'operation')}${tryText(event)}`]
    case 'ended':
      return [`${time}  ${endText(event, paint)}`, ...failureLines(ownFailures(event), paint)]
  }
}

function unitText(event: Extract<WorkEvent, { event: 'unit' }>): string {
  const who = [
    event.actor === null ? '' : ` by ${actorText(event)}`,
    event.source === null ? '' : ` (${event.source})`,
  ]
  const what = event.objects === 1 ? event.object : count(event.objects, 'object')
  const where = event.servers.length === 0 ? '' : ` for ${event.servers.join(', ')}`
  return oneLine(
    `unit ${shortUnit(event.unit)}${who.join('')}: ${what}, ${count(event.operations, 'operation')}${where}`,
  )
}

function endText(event: Extract<WorkEvent, { event: 'ended' }>, paint: Paint): string {
  const time = took(event.startedAt, event.endedAt)
  const changed = event.changed === event.operations ? '' : `, ${event.changed} changed`
  const error = event.error === null ? '' : `: ${oneLine(event.error)}`
  const state = paint(stateColour(event.state), event.state)
  return `${scriptName(event)} ${state} in ${time}: ${count(event.operations, 'operation')}${changed}${error}`
}

function scriptName({ server, backend, log }: ScriptFacts): string {
  return `${server} ${backend} log ${log}`
}

function tryText({ attempt }: ScriptFacts): string {
  return attempt > 1 ? `, try ${attempt}` : ''
}

function stateColour(state: string): 'green' | 'red' | 'yellow' {
  if (state === 'SUCCESS' || state === 'NOTHING') return 'green'
  return state === 'REVOKED' ? 'yellow' : 'red'
}

/** What ended the whole script is told once. */
function ownFailures({ failures, error }: Extract<WorkEvent, { event: 'ended' }>): readonly Failure[] {
  return failures.filter((failure) => error === null || failure.error !== error)
}

function failureLines(failures: readonly Failure[], paint: Paint): string[] {
  return failures.map(({ object, action, outcome, error }) => {
    const why = error === null ? '' : `: ${oneLine(error)}`
    return `          ${paint('red', outcome)} ${action} ${oneLine(object)}${why}`
  })
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

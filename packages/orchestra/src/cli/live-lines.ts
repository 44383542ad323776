import { shortUnit } from '../operate/index.ts'
import type { Cause, ScriptFacts, WorkEvent } from '../placements/index.ts'
import { actorText } from './actor-text.ts'
import { clock, took } from './ages.ts'
import { objectNames } from './cause-lines.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'
import { troubleText } from './trouble-lines.ts'

type Paint = Terminal['colour']

/** One event as lines for people, the first of them with the time. */
export function eventLines(event: WorkEvent, paint: Paint, now = new Date()): string[] {
  const time = paint('dim', clock(now))
  switch (event.event) {
    case 'unit':
      return [`${time}  ${unitText(event)}`, ...failureLines(event.causes, paint)]
    case 'started':
      return [`${time}  ${scriptName(event)} runs ${count(event.operations, 'operation')}${tryText(event)}`]
    case 'ended':
      return [`${time}  ${endText(event, paint)}`, ...failureLines(ownCauses(event), paint)]
    default:
      return [`${time}  ${troubleText(event, paint)}`]
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
function ownCauses({ causes, error }: Extract<WorkEvent, { event: 'ended' }>): readonly Cause[] {
  return causes.filter((cause) => error === null || cause.error !== error)
}

function failureLines(causes: readonly Cause[], paint: Paint): string[] {
  return causes.map((cause) => {
    const { action, outcome, error, count: times } = cause
    const why = error === null ? '' : `: ${oneLine(error)}`
    const what = times === 1 ? objectNames(cause) : `of ${times} objects`
    const names = times === 1 ? '' : ` (${objectNames(cause)})`
    return `          ${paint('red', outcome)} ${action} ${what}${why}${names}`
  })
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

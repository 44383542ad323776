import type { Trouble } from '../placements/index.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

/** One trouble as a line for people, with what to do next. */
export function troubleText(event: Trouble, paint: Terminal['colour']): string {
  switch (event.event) {
    case 'server-blocked':
      return `${event.server} is ${paint('red', 'blocked')}: ${oneLine(event.reason)}`
    case 'server-answers':
      return `${event.server} ${paint('green', 'answers again')}`
    case 'server-held':
      return `${event.server} is ${paint('yellow', 'held')}${by(event.by)}${because(event.reason)}`
    case 'server-released':
      return `${event.server} is released`
    case 'sync-stopped':
      return `${event.mode === 'check' ? 'check' : 'synchronization'} ${event.sync} (${oneLine(event.source)}) ${paint('red', event.state)}${because(event.error)}`
    case 'drift':
      return `${event.server} ${event.backend}: ${paint('yellow', driftText(event))}: ${event.objects.map(oneLine).join(', ')}${moreText(event)}; orchestra drift --server ${event.server}`
    case 'transfer-failed':
      return `data of ${oneLine(event.object)} (${event.backend}) from ${event.from} to ${event.to}: ${paint('red', 'failed')}, try ${event.attempt}: ${oneLine(event.error)}`
  }
}

function driftText({ drifted, missing }: { drifted: number; missing: number }): string {
  const parts = [
    ...(drifted > 0 ? [`${drifted} drifted`] : []),
    ...(missing > 0 ? [`${missing} missing`] : []),
  ]
  return parts.join(', ')
}

function moreText({ drifted, missing, objects }: Extract<Trouble, { event: 'drift' }>): string {
  const more = drifted + missing - objects.length
  return more > 0 ? ` and ${more} more` : ''
}

function by(name: string | null): string {
  return name === null ? '' : ` by ${oneLine(name)}`
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${oneLine(reason)}`
}

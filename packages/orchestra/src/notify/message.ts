/** A step of an incident, as it is told. */
export interface ToldStep {
  kind: string
  at: string
  /** Objects that it was about. */
  objects: number
  incident: {
    id: number
    state: string
    server: string | null
    backend: string | null
    outcome: string
    error: string | null
    samples: string[]
    openedAt: string
    log: number | null
  }
}

/** What is told, for programs: the body of a webhook. */
export type Message =
  | {
      type: 'incidents'
      timestamp: string
      data: {
        steps: ToldStep[]
        /** So many more happened, which one message has no room for. */
        more?: number
        auditHead: string
      }
    }
  | { type: 'test'; timestamp: string; data: { text: string } }
  /** All is well enough that a worker could say so. */
  | { type: 'heartbeat'; timestamp: string; data: { openIncidents: number; auditHead: string } }

const LONGEST_ERROR = 1_000

/** The same for people. */
export function mailOf(message: Message): { subject: string; text: string } {
  switch (message.type) {
    case 'test':
      return { subject: 'Orchestra: a test', text: message.data.text }
    case 'heartbeat':
      return { subject: 'Orchestra: alive', text: `${message.data.openIncidents} incidents are open.` }
    case 'incidents': {
      const { steps, more = 0, auditHead } = message.data
      const rest = more === 0 ? [] : [`${more} more happened: orchestra incident list`]
      return {
        subject: subjectOf(steps, more),
        text: [...steps.map(stepText), ...rest, `Audit: ${auditHead}`].join('\n\n'),
      }
    }
  }
}

function subjectOf(steps: readonly ToldStep[], beyond: number): string {
  const [first] = steps
  const others = steps.length - 1 + beyond
  const more = others > 0 ? `, and ${others} more` : ''
  return first === undefined ? 'Orchestra' : oneLine(`Orchestra: ${headline(first)}${more}`)
}

function headline({ kind, incident }: ToldStep): string {
  const place = [incident.server, incident.backend].filter((name) => name !== null).join(' ')
  return `${place || 'incident'} ${incident.outcome} ${kind}`
}

function stepText(step: ToldStep): string {
  const { incident, objects, at } = step
  const named = incident.samples.length === 0 ? '' : `: ${incident.samples.join(', ')}`
  return [
    headline(step),
    `  at ${at}, open since ${incident.openedAt}`,
    ...(incident.error === null ? [] : [`  ${oneLine(incident.error).slice(0, LONGEST_ERROR)}`]),
    ...(objects === 0 ? [] : [`  ${objects} objects${named}`]),
    `  orchestra incident show ${incident.id}`,
    ...(incident.log === null ? [] : [`  orchestra log show ${incident.log}`]),
  ].join('\n')
}

/** What comes from servers and rows ends no line of ours, and no header of a mail. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

import type { AnswerOf } from 'orchestrajs/client'

export type UnitOperation = AnswerOf<'GET /units/{unit}'>['operations'][number]

/** What an operation was at, and for how long, in milliseconds. */
export interface Span {
  kind: 'collecting' | 'waiting' | 'running'
  from: number
  to: number
}

/**
 * From the change to the outcome: until somebody looked at it and decided what is to be done where, until its turn came on the server,
 * and until its script ended. What goes on ends now.
 */
export function spansOf(operation: UnitOperation, changedAt: string, now: number): Span[] {
  const [changed, decided] = [Date.parse(changedAt), Date.parse(operation.createdAt)]
  const started = timeOf(operation.startedAt)
  const ended = timeOf(operation.endedAt)
  const spans: Span[] = [{ kind: 'collecting', from: changed, to: Math.max(changed, decided) }]
  // One that failed and is to be tried again waits again.
  const hasRun = started !== null && operation.state !== 'waiting'
  spans.push({ kind: 'waiting', from: decided, to: hasRun ? started : (ended ?? now) })
  if (hasRun) spans.push({ kind: 'running', from: started, to: ended ?? now })
  return spans.filter(({ from, to }) => to > from)
}

function timeOf(at: string | null): number | null {
  return at === null ? null : Date.parse(at)
}

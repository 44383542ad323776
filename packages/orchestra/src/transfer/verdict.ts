import type { JobEnd } from '../methods/index.ts'
import { exitBusy, exitFenced, exitTruncated, exitUnfit } from '../script/index.ts'

/** What the end of one script of a transfer means; null is success. */
export type JobVerdict =
  | { kind: 'failed'; reason: string }
  | { kind: 'unreachable'; reason: string }
  /** It took more than it may, and would again. */
  | { kind: 'limited'; reason: string }
  /** Somebody stopped it, or a later try has begun there. */
  | { kind: 'stopped' }

/**
 * Reads how a script ended.
 * @param what what people call it, `restore on web2`
 * @param said the end of what it complained of
 */
export function verdictOf(what: string, end: JobEnd, said: string): JobVerdict | null {
  switch (end.kind) {
    case 'exited':
      return end.code === 0 ? null : verdictOfExit(what, end.code, end.signal, said)
    case 'unreachable':
    case 'denied':
    case 'host-key':
      return { kind: 'unreachable', reason: `${what}: ${end.reason}` }
    case 'lost':
      return { kind: 'failed', reason: withSaying(`${what}: the connection was lost: ${end.reason}`, said) }
    case 'timeout':
      return { kind: 'failed', reason: withSaying(`${what} took too long`, said) }
    case 'cancelled':
      return { kind: 'stopped' }
  }
}

function verdictOfExit(what: string, code: number | null, signal: string | null, said: string): JobVerdict {
  if (code === exitFenced) return { kind: 'stopped' }
  if (code === exitTruncated)
    return { kind: 'unreachable', reason: `${what}: the script did not arrive whole` }
  if (code === exitBusy) return { kind: 'unreachable', reason: `${what}: another script still runs there` }
  const how = code === null ? `was ended by signal ${signal ?? '?'}` : `ended with status ${code}`
  if (code === exitUnfit) {
    return { kind: 'unreachable', reason: withSaying(`${what}: the server lacks what scripts need`, said) }
  }
  return { kind: 'failed', reason: withSaying(`${what} ${how}`, said) }
}

function withSaying(reason: string, said: string): string {
  return said === '' ? reason : `${reason}: ${said}`
}

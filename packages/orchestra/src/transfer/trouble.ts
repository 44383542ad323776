import type { Exchange } from '../talk/index.ts'

/** Why one script of a transfer did not do what it should. */
export type SideTrouble =
  | { kind: 'failed'; reason: string }
  | { kind: 'unreachable'; reason: string }
  /** It took more than it may, and would again. */
  | { kind: 'limited'; reason: string }
  /** Somebody stopped it, or a later try has begun there. */
  | { kind: 'stopped' }

/**
 * Reads how a script ended.
 * @param what what people call it, `restore on web2`
 */
export function troubleOf(what: string, { verdict, exit, said }: Exchange<unknown>): SideTrouble | null {
  if (exit === 0) return null
  switch (verdict.kind) {
    case 'blocked':
      return { kind: 'unreachable', reason: `${what}: ${verdict.reason}` }
    case 'unknown':
      return {
        kind: 'failed',
        reason: withSaying(`${what}: the connection was lost: ${verdict.reason}`, said),
      }
    case 'ran':
      return { kind: 'failed', reason: withSaying(`${what} ${verdict.how}`, said) }
    case 'fenced':
    case 'cancelled':
      return { kind: 'stopped' }
  }
}

function withSaying(reason: string, said: string): string {
  return said === '' ? reason : `${reason}: ${said}`
}

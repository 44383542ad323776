import { exitBusy, exitFenced, exitRepeated, exitTruncated, exitUnfit } from '../script/index.ts'
import type { JobEnd } from './method.ts'

/** What the end of a script means for the lane. */
export type Verdict =
  /** The script ran; operations without a result ended as `rest` says. */
  | { kind: 'ran'; rest: 'failure' | 'timeout'; how: string; reason: string }
  /** Nothing ran: the server rests, its operations wait. */
  | { kind: 'blocked'; outcome: 'unreachable'; by: Barrier; reason: string }
  /** It may have run: the server must be asked before anything else. */
  | { kind: 'unknown'; reason: string }
  /** Another worker has the lane. */
  | { kind: 'fenced' }
  | { kind: 'cancelled' }

/** What kept a script from running: the way there, the login, its host key, or the script's own look around. */
export type Barrier = 'network' | 'login' | 'host-key' | 'script'

/**
 * Reads how a job ended. Pure: what to do about it is the lane's.
 * @param said what the script as a whole complained of
 */
export function verdictOf(end: JobEnd, said = ''): Verdict {
  switch (end.kind) {
    case 'exited':
      return verdictOfExit(end.code, end.signal, said)
    case 'unreachable':
      return blocked('network', end.reason)
    case 'denied':
      return blocked('login', end.reason)
    case 'host-key':
      return blocked('host-key', end.reason)
    case 'lost':
      return { kind: 'unknown', reason: end.reason }
    case 'timeout':
      return timedOut(
        end.which === 'idle' ? 'the script gave no output for too long' : 'the script took too long',
        end,
      )
    case 'cancelled':
      return { kind: 'cancelled' }
  }
}

/** @param limit milliseconds */
export function timedOut(
  what: string,
  { which, limit }: Pick<Extract<JobEnd, { kind: 'timeout' }>, 'which' | 'limit'>,
): Verdict {
  const hint = `more than ${limit / 1000} s (\`timeouts.${which}\`); find out what hangs in it, or raise that limit`
  return { kind: 'ran', rest: 'timeout', how: 'took too long', reason: `${what}: ${hint}` }
}

function verdictOfExit(code: number | null, signal: string | null, said: string): Verdict {
  // A run that may not begin any more was barred by a recovery: whoever asked for that has the lane.
  if (code === exitFenced || code === exitRepeated) return { kind: 'fenced' }
  if (code === exitTruncated) return blocked('script', 'the script did not arrive whole, nothing of it ran')
  if (code === exitBusy) return blocked('script', 'another script still runs on the server')
  if (code === exitUnfit) {
    const why = said === '' ? 'it needs bash, flock, its directory and a writable state directory' : said
    return blocked('script', `the server lacks what scripts need: ${why}`)
  }
  const how = code === null ? `was ended by signal ${signal ?? '?'}` : `ended with status ${code}`
  return { kind: 'ran', rest: 'failure', how, reason: `the script ${how} before this operation was done` }
}

function blocked(by: Barrier, reason: string): Extract<Verdict, { kind: 'blocked' }> {
  return { kind: 'blocked', outcome: 'unreachable', by, reason }
}

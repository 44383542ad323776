import { OrchestraError, withHint } from '../errors.ts'
import type { JobEnd } from '../methods/index.ts'
import {
  exitBusy,
  exitFenced,
  exitRepeated,
  exitTruncated,
  exitUnfit,
  type OperationResult,
} from '../script/index.ts'
import { quote } from '../script/sh.ts'
import type { Outcome } from './outcome.ts'

/** What the end of a script means for the lane. */
export type Verdict =
  /** The script ran; operations without a result ended as `rest` says. */
  | { kind: 'ran'; rest: Extract<Outcome, 'failure' | 'timeout'>; reason: string }
  /** Nothing ran: the server rests, its operations wait. */
  | { kind: 'blocked'; outcome: 'unreachable'; reason: string; presentedKey: string | null }
  /** It may have run: the server must be asked before anything else. */
  | { kind: 'unknown'; reason: string }
  /** Another worker has the lane. */
  | { kind: 'fenced' }
  | { kind: 'cancelled' }

/**
 * Reads how a job ended. Pure: what to do about it is the lane's.
 * @param said what the script as a whole complained of
 */
export function verdictOf(end: JobEnd, said = ''): Verdict {
  switch (end.kind) {
    case 'exited':
      return verdictOfExit(end.code, end.signal, said)
    case 'unreachable':
    case 'denied':
      return blocked(end.reason)
    case 'host-key':
      return { ...blocked(end.reason), presentedKey: end.presented }
    case 'lost':
      return { kind: 'unknown', reason: end.reason }
    case 'timeout': {
      const reason =
        end.which === 'idle' ? 'the script gave no output for too long' : 'the script took too long'
      return { kind: 'ran', rest: 'timeout', reason }
    }
    case 'cancelled':
      return { kind: 'cancelled' }
  }
}

function verdictOfExit(code: number | null, signal: string | null, said: string): Verdict {
  // A run that may not begin any more was barred by a recovery: whoever asked for that has the lane.
  if (code === exitFenced || code === exitRepeated) return { kind: 'fenced' }
  if (code === exitTruncated) return blocked('the script did not arrive whole, nothing of it ran')
  if (code === exitBusy) return blocked('another script still runs on the server')
  if (code === exitUnfit) {
    const why = said === '' ? 'it needs bash, flock, its directory and a writable state directory' : said
    return blocked(`the server lacks what scripts need: ${why}`)
  }
  const how = code === null ? `was ended by signal ${signal ?? '?'}` : `ended with status ${code}`
  return { kind: 'ran', rest: 'failure', reason: `the script ${how} before this operation was done` }
}

function blocked(reason: string): Extract<Verdict, { kind: 'blocked' }> {
  return { kind: 'blocked', outcome: 'unreachable', reason, presentedKey: null }
}

/** Says what is not ours, and what to do about it. */
function notOurs(subject: string, { server, backend, object }: FailedPlace): string {
  const which = object === null ? '--all' : quote(object)
  const command = `orchestra adopt --backend ${backend} --server ${server} ${which}`
  return withHint(
    new OrchestraError('ORC_NOT_OURS', `${subject} is on ${server} already and is not ours (ORC_NOT_OURS)`, {
      hint: `Nothing was changed. It is taken over with: ${command}`,
    }),
  )
}

/** What failed, and where. */
export interface FailedPlace {
  server: string
  backend: string
  /** `site:12`; null where it is no object. */
  object: string | null
}

/**
 * Why an operation failed, in words.
 * @param said what was printed where it failed
 */
export function failureText(result: OperationResult, place: FailedPlace, said: string | null = null): string {
  if (result.reason === 'foreign') return notOurs(result.subject ?? 'something', place)
  const status = `exit status ${result.exit}${said === null ? '' : `: ${said}`}`
  if (result.reason === 'step') return said === null ? `a step failed, ${status}` : status
  if (result.reason === 'check')
    return `the check of its file failed, ${status}; the file is as it was before`
  if (result.reason === 'before')
    return `the check of its file fails without the change too, ${status}; the file is as it was before`
  if (result.reason === 'prepare') return `nothing of it ran: the backend's prepare failed, ${status}`
  if (result.reason === 'commit') return `the backend's commit failed, ${status}`
  const [verb, ...service] = result.reason.split('.')
  return `applied, but ${service.join('.')} did not ${verb}, ${status}; it is owed and tried again`
}

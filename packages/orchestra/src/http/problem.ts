import { type ErrorCode, errorCodes, isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import { InputFault, NotAgreed } from '../operate/index.ts'
import { type Moved, PlanStale } from '../plan/index.ts'
import { QueryFault } from '../query/index.ts'
import { MatchFault } from '../router/index.ts'
import { pointerTo, type RequestPart } from './pointer.ts'
import { statusOf } from './status-of.ts'

/** One thing that is wrong with a request, and where in it: `/query/limit`, `/body/tags/0`. */
export interface Fault {
  pointer: string
  detail: string
  /** Of a query or an expression: where in it, in UTF-16 code units from 0 on, the end behind it. */
  from?: number
  to?: number
}

/** What an error is told as: RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: ErrorCode
  hint: string | null
  requestId: string
  errors: Fault[]
  /** Of a stale plan: what is otherwise now. */
  moved?: readonly Moved[]
}

/** A request that nobody can understand, with all that is wrong with it. */
export class RequestFault extends OrchestraError {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const [first] = faults
    const more = faults.length > 1 ? `, and ${faults.length - 1} more` : ''
    super('ORC_INPUT_INVALID', `${first?.pointer ?? 'The request'} ${first?.detail ?? 'is wrong'}${more}`, {
      hint: '/api/v1/openapi.json tells what each endpoint takes',
    })
    this.faults = faults
  }
}

const REFERENCE = 'urn:orchestra:error:'

/**
 * What whoever asked is told. What Orchestra does not know the meaning of is told to nobody but the log.
 * @param placeOf the part of the request that a field of a verb is given in
 */
export function toProblem(
  error: unknown,
  requestId: string,
  placeOf: (field: string) => RequestPart,
): Problem {
  const known = knownError(error)
  const { code, message, hint = null } = known
  const refused = known instanceof NotAgreed
  return {
    type: `${REFERENCE}${code}`,
    title: errorCodes[code],
    status: refused ? 409 : statusOf[code],
    detail: shortened(message),
    code,
    hint: refused ? 'Send "yes": true when that is what you want' : hint && shortened(hint),
    requestId,
    errors: faultsOf(known, placeOf),
    ...(known instanceof PlanStale ? { moved: known.moved } : {}),
  }
}

function faultsOf(known: OrchestraError, placeOf: (field: string) => RequestPart): Fault[] {
  if (known instanceof InputFault)
    return known.faults.map(({ path, detail }) => ({
      pointer: pointerTo(placeOf(path[0] ?? ''), ...path),
      detail,
    }))
  if (known instanceof MatchFault)
    return [{ pointer: '/body/match', detail: known.reason, from: known.range.start, to: known.range.end }]
  if (known instanceof QueryFault)
    return [{ pointer: pointerTo(placeOf('q'), 'q'), detail: known.detail, ...known.span }]
  return known instanceof RequestFault ? [...known.faults] : []
}

/** Characters that are told: an expression that does not parse may be long, and its error repeats it. */
const LONGEST_DETAIL = 4_000

function shortened(text: string): string {
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL).toWellFormed()}…` : text
}

function knownError(error: unknown): OrchestraError {
  if (error instanceof OrchestraError) return error
  return fromFramework(error) ?? unexpected()
}

function unexpected(): OrchestraError {
  return new OrchestraError('ORC_INTERNAL', 'Something went wrong inside of Orchestra', {
    hint: 'The log of the server tells more, under the request id',
  })
}

/** Whether the server's own log has to tell of it. */
export function isUnexpected(error: unknown): boolean {
  return !isOrchestraError(error) && fromFramework(error) === undefined
}

/** What the framework refuses before any endpoint is asked. */
function fromFramework(error: unknown): OrchestraError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const made = refusals[String(error.code)]
  if (made !== undefined) return new OrchestraError(made.code, made.message, { hint: made.hint })
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined
  return new OrchestraError('ORC_HTTP_MALFORMED', messageOf(error).slice(0, 200), { hint: WELL_FORMED })
}

const WELL_FORMED = 'Send JSON in UTF-8, and percent-encode what stands in the path'

const refusals: Readonly<Record<string, { code: ErrorCode; message: string; hint: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'ORC_HTTP_TOO_LARGE',
    message: 'The body is larger than is read here',
    hint: 'Send less at a time: 1 MB at most, 256 kB to a hook',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'ORC_HTTP_NOT_JSON',
    message: 'The body is not said to be JSON',
    hint: 'Send it with Content-Type: application/json',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'ORC_HTTP_MALFORMED',
    message: 'The body is said to be JSON and is empty',
    hint: 'Send {} or leave the Content-Type out',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    code: 'ORC_HTTP_MALFORMED',
    message: 'The body is not JSON',
    hint: WELL_FORMED,
  },
  FST_ERR_BAD_URL: { code: 'ORC_HTTP_MALFORMED', message: 'The path cannot be decoded', hint: WELL_FORMED },
}

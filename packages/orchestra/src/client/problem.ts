/** One place in a request that is wrong; of a query or an expression also which of its characters. */
export interface Fault {
  pointer: string
  detail: string
  from?: number
  to?: number
}

/** What the API says is wrong, or that it could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** Of the HTTP answer; 0 where there was none. */
  readonly status: number
  /** Stable: one of the reference; null where Orchestra did not answer. */
  readonly code: string | null
  readonly hint: string | null
  readonly requestId: string | null
  readonly errors: readonly Fault[]
  /** Seconds after which it may be asked again. */
  readonly retryAfter: number | null

  constructor(
    message: string,
    {
      status = 0,
      code = null,
      hint = null,
      requestId = null,
      errors = [],
      retryAfter = null,
      cause,
    }: Partial<
      Pick<ApiError, 'status' | 'code' | 'hint' | 'requestId' | 'errors' | 'retryAfter' | 'cause'>
    > = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = code
    this.hint = hint
    this.requestId = requestId
    this.errors = errors
    this.retryAfter = retryAfter
  }
}

/** The error that an answer tells of. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status, headers } = response
  const retryAfter = secondsOf(headers.get('retry-after'))
  const text = await response.text()
  const told = problemIn(text)
  if (told === undefined) {
    const hint = 'Is the URL that of an API of Orchestra, and nothing between that answers itself?'
    const requestId = headers.get('request-id')
    return new ApiError(`HTTP ${status}`, { status, hint, requestId, retryAfter })
  }
  return new ApiError(told.detail, { ...told, status, retryAfter })
}

/** The error that a stream ends with. */
export function errorOfEvent(data: unknown): ApiError {
  const told = isProblem(data) ? data : undefined
  return new ApiError(told?.detail ?? 'The stream has failed', told)
}

interface Problem {
  detail: string
  code: string
  status: number
  hint: string | null
  requestId: string
  errors: Fault[]
}

function problemIn(text: string): Problem | undefined {
  try {
    const told: unknown = JSON.parse(text)
    return isProblem(told) ? told : undefined
  } catch {
    return undefined
  }
}

function isProblem(told: unknown): told is Problem {
  return typeof told === 'object' && told !== null && 'code' in told && 'detail' in told
}

function secondsOf(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : null
}

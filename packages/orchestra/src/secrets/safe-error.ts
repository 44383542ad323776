import { inspect } from 'node:util'
import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'

type Redact = (text: string) => string

const DEEPEST = 8

/** The error as it is when no secret stands in it or in what caused it, else one like it. */
export function safeError(error: unknown, redact: Redact): unknown {
  const shown = [...textsOf(error)]
  return shown.every((text) => text !== undefined && redact(text) === text) ? error : copyOf(error, redact, 0)
}

/** All that can be shown of an error, whoever shows it; undefined where it cannot even be shown. */
function* textsOf(error: unknown): Generator<string | undefined> {
  yield messageOf(error)
  yield textOr(() => String(error))
  if (error instanceof Error) yield textOr(() => String(error.stack ?? ''))
  if (error instanceof OrchestraError) yield error.hint ?? ''
  yield textOr(() => inspect(error, WHOLE))
  // What has no JSON, because it leads back to itself, is shown by nobody so.
  yield textOr(() => JSON.stringify(error)) ?? ''
}

const WHOLE = {
  depth: DEEPEST,
  showHidden: true,
  maxStringLength: null,
  maxArrayLength: null,
  breakLength: 1e6,
} as const

function textOr(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Without what its class adds: that may hold anything. */
function copyOf(error: unknown, redact: Redact, depth: number): Error {
  const message = redact(messageOf(error))
  if (!(error instanceof Error)) return new Error(message)
  const cause = causeOf(error, redact, depth)
  if (isOrchestraError(error))
    return withStack(
      new OrchestraError(error.code, message, {
        ...(error.hint === undefined ? {} : { hint: redact(error.hint) }),
        ...cause,
      }),
      error,
      redact,
    )
  const copy =
    error instanceof AggregateError
      ? new AggregateError(
          error.errors.map((one) => copyOf(one, redact, depth + 1)),
          message,
          cause,
        )
      : new Error(message, cause)
  copy.name = redact(textOr(() => String(error.name)) ?? 'Error')
  // What a failure of a connection is told by.
  if ('code' in error && typeof error.code === 'string') Object.assign(copy, { code: redact(error.code) })
  return withStack(copy, error, redact)
}

function causeOf(error: Error, redact: Redact, depth: number): { cause?: Error } {
  if (error.cause === undefined || depth > DEEPEST) return {}
  return { cause: copyOf(error.cause, redact, depth + 1) }
}

function withStack<Copy extends Error>(copy: Copy, error: Error, redact: Redact): Copy {
  const stack = textOr(() => String(error.stack ?? ''))
  copy.stack = redact(stack ?? `${copy.name}: ${copy.message}`)
  return copy
}

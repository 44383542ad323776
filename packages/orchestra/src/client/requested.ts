import type { RequestView } from '../requests/index.ts'
import { ApiError } from './problem.ts'

/** Milliseconds that are waited at most before a request is looked at again. */
export const MOST_BETWEEN = 2_000

/** The number of the request where an answer will be: of what was left to a worker. */
export function requestIn(response: Response): number | null {
  const [, id] = /\/requests\/(\d+)$/.exec(response.headers.get('location') ?? '') ?? []
  return response.status === 202 && id !== undefined ? Number(id) : null
}

/**
 * What a request has come to: nothing as long as it goes on.
 * @param isList whether a page is asked for: the worker answers all that there is
 * @throws ApiError if it did not come to its end
 */
export function answerOf(view: RequestView, isList: boolean): { answer: unknown } | null {
  const { id, state, result, error } = view
  if (state === 'waiting' || state === 'running') return null
  if (state === 'done') return { answer: isList ? pageOf(result) : result }
  if (error !== null) throw new ApiError(error.message, { status: 200, code: error.code, hint: error.hint })
  throw new ApiError(`Request ${id} was ${state}`, { status: 200 })
}

function pageOf(result: unknown): unknown {
  if (!Array.isArray(result)) return result
  return { items: result, next: null, count: result.length, countIsExact: true }
}

import { ApiError } from './problem.ts'

/** How often something is asked again that did not come through, and after how long. */
export interface Patience {
  /** Tries in all; default 5. */
  tries: number
  /** Milliseconds before the second; default 200. */
  first: number
  /** Milliseconds that are waited at most; default 10,000. */
  most: number
}

export const usualPatience: Patience = { tries: 5, first: 200, most: 10_000 }

/** Nothing came of it for reasons that pass: the network, too many requests, a store that is away. */
export function passes(error: unknown): error is ApiError {
  return error instanceof ApiError && [0, 429, 502, 503, 504].includes(error.status)
}

/** Whether it was certainly not done. */
export function wasRefused(error: ApiError): boolean {
  return error.status === 429
}

/**
 * Milliseconds until the next try: doubling, and somewhere in the upper half of it, so that many who were turned away together do not
 * come back together. What the server says counts where it is longer.
 * @param chance from 0 up to 1
 */
export function pauseBefore(
  tried: number,
  { first, most }: Pick<Patience, 'first' | 'most'>,
  retryAfter: number | null,
  chance: number,
): number {
  const doubled = Math.min(most, first * 2 ** (tried - 1))
  return Math.max(doubled / 2 + (doubled / 2) * chance, (retryAfter ?? 0) * 1_000)
}

/** Waits, unless somebody ends it. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end)
      resolve()
    }, milliseconds)
    if (signal?.aborted === true) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
}

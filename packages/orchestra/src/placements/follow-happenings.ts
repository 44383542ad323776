import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient } from '../logs/transient.ts'
import type { Store } from '../store/index.ts'
import { type HappeningPage, readHappenings } from './happened.ts'
import { Pulse } from './pulse.ts'
import type { Seen } from './seen.ts'

/** Milliseconds after which who could not read tries again, though nothing else may happen. */
const TRIED_AGAIN = 1_000

/**
 * A page that was read, so that whoever follows knows where he began, and everything that happens after it, on all servers, whichever
 * worker does it; a store that is away is waited for. Ends when whoever follows leaves, with what had happened by then.
 */
export async function* followHappenings(
  store: Store,
  first: HappeningPage,
  signal: AbortSignal,
  seen?: Seen,
): AsyncGenerator<HappeningPage, void, undefined> {
  const pulse = Pulse.of(store)
  const leaving = new Promise<void>((leave) =>
    signal.addEventListener('abort', () => leave(), { once: true }),
  )
  pulse.join()
  try {
    yield first
    for (let cursor = first.next; ; ) {
      // Asked before reading: what happens while this page is read is read in the next one.
      const moved = pulse.next
      const isLast = signal.aborted
      const page = await pageAfter(store, cursor, seen, isLast ? undefined : pulse)
      cursor = page?.next ?? cursor
      if (page !== undefined && page.events.length > 0) yield page
      if (page?.more) continue
      if (isLast) return
      const again = page === undefined ? [sleep(TRIED_AGAIN, undefined, { ref: false })] : []
      await Promise.race([moved, leaving, ...again])
    }
  } finally {
    pulse.leave()
  }
}

/** Those who may see everything and have been told as much are told the same; soon all of them have. */
async function pageAfter(
  store: Store,
  cursor: string,
  seen: Seen | undefined,
  pulse: Pulse | undefined,
): Promise<HappeningPage | undefined> {
  const read = () => readHappenings(store, cursor, undefined, seen)
  try {
    return await (seen === undefined && pulse !== undefined ? pulse.once(cursor, read) : read())
  } catch (error) {
    if (isTransient(error)) return undefined
    throw error
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient } from '../logs/transient.ts'
import { Bell, type Store } from '../store/index.ts'
import { type HappeningPage, readHappenings } from './happened.ts'
import type { Seen } from './seen.ts'

/** Milliseconds between looks: at most so many when much happens, at least so many when nothing rings. */
const SHORTEST = 100
const LONGEST = 1_000

const CHANNELS = ['orchestra_log', 'orchestra_settled', 'orchestra_wake']

/**
 * A page that was read, so that whoever follows knows where he began, and everything that happens after it, on all servers, whichever worker does it; a store that is away is waited for. Ends when
 * whoever follows leaves, with what had happened by then.
 */
export async function* followHappenings(
  store: Store,
  first: HappeningPage,
  signal: AbortSignal,
  seen?: Seen,
): AsyncGenerator<HappeningPage, void, undefined> {
  const bell = new Bell(store, CHANNELS, LONGEST)
  const leaving = new Promise((leave) => signal.addEventListener('abort', leave, { once: true }))
  try {
    yield first
    for (let cursor = first.next; ; ) {
      // Heard before reading: what happens while this page is read rings for the next one.
      const rung = bell.wait()
      const isLast = signal.aborted
      const page = await pageAfter(store, cursor, seen)
      cursor = page?.next ?? cursor
      if (page !== undefined && page.events.length > 0) yield page
      if (page?.more) continue
      if (isLast) return
      await Promise.race([Promise.all([rung, sleep(SHORTEST)]), leaving])
    }
  } finally {
    await bell.close()
  }
}

async function pageAfter(
  store: Store,
  cursor: string,
  seen: Seen | undefined,
): Promise<HappeningPage | undefined> {
  try {
    return await readHappenings(store, cursor, undefined, seen)
  } catch (error) {
    if (isTransient(error)) return undefined
    throw error
  }
}

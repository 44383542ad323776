import type { Listener, Store } from '../store/index.ts'
import type { StoredChunk } from './output.ts'
import { chunkPage, isFullPage, unknownLog } from './reader.ts'
import { isTransient } from './transient.ts'

export interface FollowOptions {
  /** First sequence number to read; default the beginning. */
  from?: number
  signal?: AbortSignal
  /** Milliseconds after which a watcher looks by itself, should no notification reach it. Default 500. */
  poll?: number
}

/** Wakes any number of watchers over one connection. */
export interface LogFeed {
  /** Everything from the start, then live until the log ends: the same bytes whenever the watcher came. */
  follow(logId: number, options?: FollowOptions): AsyncGenerator<StoredChunk, void, undefined>
  close(): Promise<void>
}

const POLL = 500

export function openLogFeed(store: Store): LogFeed {
  const wakers = new Set<{ logId: number; wake: () => void }>()
  const listener: Listener = store.listen(['orchestra_log'], (_channel, payload) => {
    for (const waker of wakers) if (payload === '' || payload === String(waker.logId)) waker.wake()
  })
  return {
    follow: async function* (logId, options = {}) {
      const bell = new Bell(options.poll ?? POLL, options.signal)
      const waker = { logId, wake: () => bell.ring() }
      wakers.add(waker)
      try {
        yield* followChunks(store, logId, options.from ?? 0, bell)
      } finally {
        wakers.delete(waker)
        bell.close()
      }
    },
    close: () => listener.close(),
  }
}

/** Follows one log over a connection of its own; many watchers share an `openLogFeed`. */
export async function* followLog(
  store: Store,
  logId: number,
  options: FollowOptions = {},
): AsyncGenerator<StoredChunk, void, undefined> {
  const feed = openLogFeed(store)
  try {
    yield* feed.follow(logId, options)
  } finally {
    await feed.close()
  }
}

type PageRow = { ended: boolean } & ({ [Field in keyof StoredChunk]: null } | StoredChunk)

async function* followChunks(
  store: Store,
  logId: number,
  from: number,
  bell: Bell,
): AsyncGenerator<StoredChunk, void, undefined> {
  for (let next = from; !bell.isAborted; ) {
    // Heard before reading: what is stored while this page is read rings for the next one.
    const rung = bell.next()
    const rows = await nextPage(store, logId, next)
    if (rows === 'away') {
      await rung
      continue
    }
    if (rows.length === 0) throw unknownLog(logId)
    const chunks = rows.filter((row) => row.sequence !== null)
    for (const { ended: _, ...chunk } of chunks) yield chunk
    next = (chunks.at(-1)?.sequence ?? next - 1) + 1
    if (isFullPage(chunks)) continue
    if (rows[0]?.ended) return
    await rung
  }
}

/** A watcher outlives a store that goes away for a while, like the run that it watches. */
async function nextPage(store: Store, logId: number, from: number): Promise<PageRow[] | 'away'> {
  try {
    return await store.query<PageRow>(NEXT_PAGE, [logId, from])
  } catch (error) {
    if (isTransient(error)) return 'away'
    throw error
  }
}

/** A ring, a poll interval or an abort, whichever comes first. */
class Bell {
  readonly #poll: number
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.ring()
  #next = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined

  constructor(poll: number, signal: AbortSignal | undefined) {
    this.#poll = poll
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
  }

  get isAborted(): boolean {
    return this.#signal?.aborted ?? false
  }

  next(): Promise<void> {
    clearTimeout(this.#timer)
    this.#next = Promise.withResolvers()
    this.#timer = setTimeout(() => this.ring(), this.#poll)
    return this.#next.promise
  }

  ring(): void {
    this.#next.resolve()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

/** The end and the chunks in one snapshot: a log that has ended has no chunk but these. */
const NEXT_PAGE = `
select log.ended_at is not null as ended, page.*
from orchestra.log
left join lateral (${chunkPage('log_id = log.id and sequence >= $2')}) as page on true
where log.id = $1
order by page.sequence`

import { BesideLanes } from '../operations/beside-lanes.ts'
import type { Queryable, Store } from '../store/index.ts'
import {
  announceWorker,
  type ClaimedRequest,
  claimRequest,
  endRequest,
  lapseRequests,
  noteProgress,
  type RequestEnd,
  type RequestOutcome,
  renewRequests,
} from './claim.ts'
import { Notes } from './notes.ts'
import type { RequestedWork, RequestFailure } from './request.ts'

/** Requests that one worker is at, beside its lanes. */
const MOST_AT_ONCE = 4

/** Does what somebody asked for, in his name and as far as he may, and answers how it ended; it never throws. */
export type DoRequest = (
  work: RequestedWork,
  meanwhile: { signal: AbortSignal; tell: (news: { kind: string }) => void },
) => Promise<RequestOutcome>

export interface RequestRunnerOptions {
  store: Store
  owner: string
  work: DoRequest
  onError(error: unknown): void
}

/** The requests of one worker. Stopped are they with why: `cancelled`, `lost`, `shutdown`. */
export class RequestRunner {
  readonly #options: RequestRunnerOptions
  readonly #running: BesideLanes

  constructor(options: RequestRunnerOptions) {
    this.#options = options
    this.#running = new BesideLanes({ claim: () => this.#claim(), onError: options.onError })
  }

  /** Begins what waits, as far as there is room; ends what nobody will end. */
  poll(): Promise<void> {
    return this.#running.poll()
  }

  /** Keeps what runs here, and stops what was cancelled or is another worker's by now. */
  async renew(db: Queryable): Promise<void> {
    if (!this.#running.isFinishing) await announceWorker(db, this.#options.owner)
    const { ids } = this.#running
    if (ids.length === 0) return
    const kept = new Map((await renewRequests(db, this.#options.owner, ids)).map((one) => [one.id, one]))
    for (const id of ids) {
      const one = kept.get(id)
      if (one?.cancelled !== false) this.#running.abort(id, one === undefined ? 'lost' : 'cancelled')
    }
  }

  /** Takes nothing more; resolves when all that runs has ended. */
  finish(): Promise<void> {
    return this.#running.finish()
  }

  /** Ends what runs: what may be done twice is left to another worker. */
  stop(): void {
    this.#running.stop('shutdown')
  }

  async #claim(): Promise<void> {
    const { store, owner } = this.#options
    await lapseRequests(store)
    while (!this.#running.isFinishing && this.#running.ids.length < MOST_AT_ONCE) {
      const claimed = await claimRequest(store, owner)
      if (claimed === undefined) return
      this.#running.begin(claimed.id, (signal) => this.#work(claimed, signal))
    }
  }

  /** A room is kept until the work has really ended, also where its end was told before. */
  async #work(request: ClaimedRequest, signal: AbortSignal): Promise<void> {
    const { store, owner, work } = this.#options
    const notes = new Notes((told) => noteProgress(store, owner, request.id, told))
    const working = work(request, { signal, tell: (news) => notes.add(news) })
    const end = await Promise.race([working, stoppedBy(request, signal)])
    await notes.end()
    await endRequest(store, owner, request.id, end, notes.kept)
    // Where the process ends, nothing waits for what was given up.
    if (signal.reason !== 'shutdown') await working
  }
}

/** What is to be told at once when it is stopped: what may be done twice has an end that is known, whatever became of it. */
function stoppedBy({ repeatable }: ClaimedRequest, signal: AbortSignal): Promise<RequestEnd> {
  return new Promise((resolve) => {
    const stopped = () => {
      const end = endOf(repeatable, signal.reason)
      if (end !== undefined) resolve(end)
    }
    if (signal.aborted) stopped()
    else signal.addEventListener('abort', stopped, { once: true })
  })
}

function endOf(repeatable: boolean, reason: unknown): RequestEnd | undefined {
  if (reason === 'shutdown')
    return repeatable ? { state: 'waiting' } : { state: 'unknown', error: interrupted }
  return reason === 'cancelled' && repeatable ? { state: 'cancelled' } : undefined
}

const interrupted: RequestFailure = {
  code: 'ORC_REQUEST_LOST',
  message: 'Its worker was ended in the middle of it: it may have been done, in part or as a whole',
  hint: 'Look at what it was about before you ask again',
}

import type { Queryable } from '../store/index.ts'
import type { Claim } from './claim.ts'
import { TURNS_BEFORE_A_LOOK } from './waiting-lanes.ts'

/** Runs whose journals pile up on a server before it is told to forget them: forgetting costs a process. */
const FORGET_AFTER = 50
/** Journals of which the store knows at most; more lie there only where no script gets through. */
const MOST_KNOWN = 500

/** What this worker remembers of a lane from one turn to the next. */
export class LaneMemory {
  /** Runs that are over, and of which the server keeps a journal until it is told to forget it. */
  #finished: readonly string[] = []
  /** The fence under which that was read: only who had the lane in between knows more. */
  #fence: number | undefined
  #turns = 0

  /** Reads what earlier owners of the lane left to be forgotten. */
  async take(db: Queryable, { server, fence }: Claim): Promise<void> {
    if (this.#fence === fence) return
    const [lane] = await db.query<{ journals: string[] }>(
      'select journals from orchestra.lane where server_id = $1',
      [server.id],
    )
    this.#finished = [...new Set([...(lane?.journals ?? []), ...this.#finished])]
    this.#fence = fence
  }

  get finished(): readonly string[] {
    return this.#finished
  }

  /** The runs that the server is to forget with its next script. */
  get forgotten(): readonly string[] {
    return this.#finished.length >= FORGET_AFTER ? this.#finished : []
  }

  finish(runIds: readonly string[]): void {
    this.#finished = [...this.#finished, ...runIds].slice(-MOST_KNOWN)
  }

  forget(runIds: readonly string[]): void {
    this.#finished = this.#finished.filter((runId) => !runIds.includes(runId))
  }

  /** Counts a turn for changes; answers whether a look at the server, if one waits, has waited for enough of them. */
  hasChanged(): boolean {
    this.#turns = (this.#turns + 1) % TURNS_BEFORE_A_LOOK
    return this.#turns === 0
  }
}

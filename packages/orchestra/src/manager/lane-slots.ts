import { Lane, type LaneContext } from './lane.ts'
import { LaneMemory } from './lane-memory.ts'
import type { Stop } from './run-context.ts'
import { type LaneWork, WaitingLanes } from './waiting-lanes.ts'

export interface LaneSlotsOptions {
  /** Lanes that are worked at once. */
  most: number
  context: Omit<LaneContext, 'memory' | 'isAwaited' | 'lanes'>
  /** Whether anything new is taken. */
  takes(): boolean
  /** There is room again after there was none, for work that waits elsewhere. */
  onRoom(): void
  onError(error: unknown): void
}

/** The lanes that a worker works now, and those that wait until it has room for them. */
export class LaneSlots {
  readonly #options: LaneSlotsOptions
  readonly #lanes = new Map<number, { lane: Lane; done: Promise<void> }>()
  readonly #memories = new Map<number, LaneMemory>()
  /** Lanes to look at again when their present look ends. */
  readonly #again = new Set<number>()
  readonly #waiting = new WaitingLanes()

  constructor(options: LaneSlotsOptions) {
    this.#options = options
  }

  get busy(): number {
    return this.#lanes.size
  }

  get free(): number {
    return this.#options.most - this.#lanes.size
  }

  /** Those that are worked now. */
  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()].map(({ lane }) => lane)
  }

  has(serverId: number): boolean {
    return this.#lanes.has(serverId)
  }

  /** Works a lane, now or when it is its turn; false when there is no room for it now. */
  work(serverId: number, work: LaneWork = 'changes'): boolean {
    if (this.#lanes.has(serverId)) {
      this.#again.add(serverId)
      return true
    }
    if (!this.#options.takes()) return false
    const hasRoom = this.free > 0
    if (hasRoom) this.#take(serverId)
    else this.#waiting.add(serverId, work)
    return hasRoom
  }

  /** After the scripts that run, nothing more is taken by those that are worked now. */
  finish(): void {
    for (const lane of this.lanes) lane.finish()
  }

  /** Ends the scripts that run. */
  stop(reason: Stop): void {
    for (const lane of this.lanes) lane.stop(reason)
  }

  /** When those that are worked now have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ done }) => done))
  }

  #take(serverId: number): void {
    const { context, onError } = this.#options
    const lane = new Lane(
      {
        ...context,
        memory: this.#memoryOf(serverId),
        isAwaited: () => this.#waiting.size > 0,
        lanes: () => this.busy,
      },
      serverId,
    )
    const done = lane
      .drain()
      .then((end) => end.kind === 'yielded' && this.#waiting.add(serverId, end.work))
      .catch(onError)
      .finally(() => this.#give(serverId))
    this.#lanes.set(serverId, { lane, done: done.then(() => undefined) })
  }

  #memoryOf(serverId: number): LaneMemory {
    const memory = this.#memories.get(serverId) ?? new LaneMemory()
    this.#memories.set(serverId, memory)
    return memory
  }

  /** A slot is free: it goes to whoever has waited for it longest. */
  #give(serverId: number): void {
    const wasFull = this.free <= 0
    this.#lanes.delete(serverId)
    if (this.#again.delete(serverId)) this.#waiting.add(serverId, 'changes')
    while (this.#options.takes() && this.free > 0) {
      const next = this.#waiting.next()
      if (next === undefined) break
      if (this.#lanes.has(next)) this.#again.add(next)
      else this.#take(next)
    }
    if (wasFull && this.free > 0) this.#options.onRoom()
  }
}

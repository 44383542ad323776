/** What a lane has to do: changes of what stands there, or a look at it. */
export type LaneWork = 'changes' | 'inspection'

/** Turns for changes in a row after which a look that waits gets one: changes that never end must not keep it from its end. */
export const TURNS_BEFORE_A_LOOK = 8

/** Lanes with work that wait for a slot of this worker: first come, first served, and changes before looks. */
export class WaitingLanes {
  readonly #changes = new Set<number>()
  readonly #inspections = new Set<number>()
  #inARow = 0

  get size(): number {
    return this.#changes.size + this.#inspections.size
  }

  /** Puts a lane at the end. One that waits keeps its place, and is moved to the changes as soon as it has any. */
  add(serverId: number, work: LaneWork): void {
    if (work === 'inspection') {
      if (!this.#changes.has(serverId)) this.#inspections.add(serverId)
      return
    }
    this.#inspections.delete(serverId)
    this.#changes.add(serverId)
  }

  /** Takes out whose turn it is. */
  next(): number | undefined {
    const looksNow = this.#changes.size === 0 || this.#inARow >= TURNS_BEFORE_A_LOOK
    const [first] = looksNow && this.#inspections.size > 0 ? this.#inspections : this.#changes
    if (first === undefined) return undefined
    this.#inARow = this.#inspections.delete(first) ? 0 : this.#inARow + 1
    this.#changes.delete(first)
    return first
  }
}

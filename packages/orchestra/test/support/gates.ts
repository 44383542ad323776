import type { Model } from '../../src/index.ts'
import { Site, type SiteRow, siteFilesWith } from './world.ts'

/** A loader that has read its rows and answers when it is told to. */
export interface Held {
  keys: readonly string[]
  go(): void
}

/** Sites whose loader stops with what it has read until a test lets it go on. */
export class Gates {
  readonly #held: Held[] = []
  /** Who asked last. */
  #waiting: ((held: Held) => void) | undefined
  #isOpen = false

  readonly model: typeof Site = {
    ...Site,
    load: async (keys, { query }) => {
      const rows = await query<SiteRow>('select * from site where id = any($1::int[])', [
        keys.map(([id]) => id),
      ])
      if (!this.#isOpen) await new Promise<void>((go) => this.#tell({ keys: keys.flat(), go }))
      return rows
    },
  }

  /** Of a configuration. */
  readonly parts = { models: [this.model as Model], backends: [siteFilesWith({ model: this.model })] }

  /** The next loader that has read its rows. */
  async next(): Promise<Held> {
    const held = this.#held.shift()
    if (held !== undefined) return held
    return new Promise((tell) => {
      this.#waiting = tell
    })
  }

  /** From now on none stops. */
  open(): void {
    this.#isOpen = true
    for (const { go } of this.#held.splice(0)) go()
  }

  #tell(held: Held): void {
    const tell = this.#waiting
    this.#waiting = undefined
    if (tell === undefined) this.#held.push(held)
    else tell(held)
  }
}

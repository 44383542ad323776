import { often } from './often.ts'

/** Runs a statement. */
type Run = (text: string, values: readonly unknown[]) => Promise<unknown>

const RING = often(
  'select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as rung(channel, payload)',
)

/** Sends together what is rung while others are on their way. */
export class Ringer {
  readonly #run: Run
  #rung = new Map<string, { channel: string; payload: string }>()
  #sending: Promise<void> | undefined

  constructor(run: Run) {
    this.#run = run
  }

  ring(channel: string, payload: string): void {
    this.#rung.set(`${channel} ${payload}`, { channel, payload })
    this.#sending ??= this.#send()
  }

  /** When all that was rung is sent. */
  async end(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#rung.size > 0) {
      const all = [...this.#rung.values()]
      this.#rung = new Map()
      const columns = [all.map(({ channel }) => channel), all.map(({ payload }) => payload)]
      await this.#run(RING, columns).catch(() => undefined)
    }
    this.#sending = undefined
  }
}

/** Notes that are kept of one request. */
const MOST_KEPT = 200
/** Milliseconds between two records of how far it is. */
const RECORD_INTERVAL = 1_000

interface Told {
  progress: unknown
  notes: readonly unknown[]
}

/** What a request tells while it is worked at: how far it is, of which the last counts, and what else is to be known. */
export class Notes {
  readonly #record: (told: Told) => Promise<void>
  readonly kept: unknown[] = []
  #progress: unknown = null
  #timer: NodeJS.Timeout | undefined
  #recording: Promise<void> = Promise.resolve()

  constructor(record: (told: Told) => Promise<void>) {
    this.#record = record
  }

  add(news: { kind: string }): void {
    if (isProgress(news)) this.#progress = news
    else if (this.kept.length < MOST_KEPT) this.kept.push(news)
    this.#timer ??= setTimeout(() => this.#write(), RECORD_INTERVAL)
  }

  /** Nothing is recorded after that. */
  async end(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#recording
  }

  #write(): void {
    this.#timer = undefined
    // That it is not known how far it is keeps nothing from being done.
    this.#recording = this.#record({ progress: this.#progress, notes: this.kept }).catch(() => undefined)
  }
}

function isProgress({ kind }: { kind: string }): boolean {
  return kind === 'tried' || kind === 'rotating' || kind === 'ended'
}

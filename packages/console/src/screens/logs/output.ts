import { type AnswerOf, ApiError } from 'orchestrajs/client'
import { client } from '../../api/client.ts'

export type Lines = AnswerOf<'GET /logs/{log}/lines'>
export type Line = Lines['lines'][number]

/** Lines that are asked for at once. */
const BLOCK = 500
/** Blocks that are kept, and characters of them: what was farthest from what is seen goes first. */
const MOST_BLOCKS = 60
const MOST_CHARACTERS = 20_000_000
/** Requests at a time. */
const AT_ONCE = 2
/** Milliseconds in which news are gathered before they are shown. */
const GATHERED = 80
/** Milliseconds after which a line that is not yet ended is looked at: no stream tells of it. */
const UNENDED = 2_000
/** Milliseconds before a stream that broke is asked for again. */
const REST = 2_000

/** How much there is. */
export interface Extent {
  total: number
  size: number
  ended: boolean
  /** Whether anything is known yet. */
  isKnown: boolean
  /** Why the last request came to nothing. */
  error: ApiError | null
  /** Whether it is told as it comes. */
  isLive: boolean
}

/** The lines of one log: those that are looked at, whichever these are, however many there are. */
export class Output {
  readonly #log: number
  readonly #blocks = new Map<number, (Line | undefined)[]>()
  readonly #asked = new Set<number>()
  readonly #watchers = new Set<() => void>()
  #wanted: readonly number[] = []
  #characters = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #extent: Extent = { total: 0, size: 0, ended: false, isKnown: false, error: null, isLive: false }

  constructor(log: number) {
    this.#log = log
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Another one each time that something is new. */
  readonly extent = (): Extent => this.#extent

  line(n: number): Line | undefined {
    return this.#blocks.get(blockOf(n))?.[(n - 1) % BLOCK]
  }

  /** Says which lines are seen: those are asked for first, and kept longest. */
  want(lines: readonly number[]): void {
    this.#wanted = [...new Set(lines.map(blockOf))]
    if (this.#extent.error === null) this.#ask()
  }

  retry(): void {
    this.#tell({ error: null })
    if (this.#extent.isKnown) this.#ask()
    else void this.lookAtEnd()
  }

  /** Asks how much there is, and for the last of it. */
  async lookAtEnd(tail = BLOCK): Promise<void> {
    try {
      this.#take(await client.ask('GET /logs/{log}/lines', { log: this.#log, tail }))
    } catch (error) {
      this.#tell({ error: asApiError(error) })
    }
  }

  /** Tells what comes until the log has ended or somebody has enough; a stream that breaks goes on where it was. */
  async follow(signal: AbortSignal): Promise<void> {
    const looking = setInterval(() => void this.#lookAtUnended(), UNENDED)
    signal.addEventListener('abort', () => clearInterval(looking))
    while (!signal.aborted && !this.#extent.ended) {
      try {
        await this.#hear(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#tell({ isLive: false })
        const { status } = asApiError(error)
        // Who may not see it any more, or is not known, is told so by what else the page asks.
        if (status === 401 || status === 403 || status === 404) return
        await new Promise((resolve) => setTimeout(resolve, REST))
      }
    }
    clearInterval(looking)
  }

  async #hear(signal: AbortSignal): Promise<void> {
    // The last one may not have ended when it was told.
    const from = Math.max(1, this.#extent.total)
    const stream = client.follow('GET /logs/{log}/stream', { log: this.#log, from }, { signal })
    this.#tell({ isLive: true })
    for await (const { event, data } of stream) {
      if (event === 'lines') this.#add(data)
      else break
    }
    if (signal.aborted) return
    await this.lookAtEnd()
    this.#tell({ isLive: false })
  }

  #lastHeard = 0

  async #lookAtUnended(): Promise<void> {
    if (this.#extent.isLive && Date.now() - this.#lastHeard >= UNENDED) await this.lookAtEnd(1)
  }

  #ask(): void {
    while (this.#asked.size < AT_ONCE) {
      const block = this.#wanted.find((one) => !this.#asked.has(one) && this.#missingIn(one) !== undefined)
      if (block === undefined) return
      const from = this.#missingIn(block) ?? 1
      this.#asked.add(block)
      void this.#load(block, from)
    }
  }

  async #load(block: number, from: number): Promise<void> {
    try {
      const lines = Math.min((block + 1) * BLOCK, this.#extent.total) - from + 1
      const found = await client.ask('GET /logs/{log}/lines', { log: this.#log, from, lines })
      this.#asked.delete(block)
      // What is not there any more is not asked for again and again.
      if (found.lines.length === 0) this.#wanted = this.#wanted.filter((one) => one !== block)
      this.#take(found)
      this.#ask()
    } catch (error) {
      this.#asked.delete(block)
      this.#tell({ error: asApiError(error) })
    }
  }

  /** The first line of a block that is there and was not told. */
  #missingIn(block: number): number | undefined {
    const first = block * BLOCK + 1
    const last = Math.min(first + BLOCK - 1, this.#extent.total)
    for (let n = first; n <= last; n++) if (this.line(n) === undefined) return n
    return undefined
  }

  #take({ lines, total, size, ended }: Lines): void {
    this.#keep(lines)
    const known = this.#extent
    this.#tell({
      total: Math.max(total, known.total),
      size: Math.max(size, known.size),
      ended: ended || known.ended,
      isKnown: true,
      error: null,
    })
  }

  #add(lines: readonly Line[]): void {
    this.#lastHeard = Date.now()
    this.#keep(lines)
    const last = lines.at(-1)
    if (last === undefined) return
    const size = last.offset + last.text.length + 1
    this.#tell({
      total: Math.max(this.#extent.total, last.n),
      size: Math.max(this.#extent.size, size),
      isKnown: true,
    })
  }

  #keep(lines: readonly Line[]): void {
    for (const line of lines) {
      const block = this.#blocks.get(blockOf(line.n)) ?? []
      this.#blocks.set(blockOf(line.n), block)
      const at = (line.n - 1) % BLOCK
      this.#characters += line.text.length - (block[at]?.text.length ?? 0)
      block[at] = line
    }
    this.#forget()
  }

  #forget(): void {
    const seen = this.#wanted[0] ?? blockOf(this.#extent.total)
    while (this.#blocks.size > 2 && (this.#blocks.size > MOST_BLOCKS || this.#characters > MOST_CHARACTERS)) {
      const farthest = [...this.#blocks.keys()].reduce((a, b) =>
        Math.abs(b - seen) > Math.abs(a - seen) ? b : a,
      )
      if (this.#wanted.includes(farthest)) return
      for (const line of this.#blocks.get(farthest) ?? []) this.#characters -= line?.text.length ?? 0
      this.#blocks.delete(farthest)
    }
  }

  /** Many pieces of news are told as one. */
  #tell(news: Partial<Extent>): void {
    this.#extent = { ...this.#extent, ...news }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      for (const watcher of this.#watchers) watcher()
    }, GATHERED)
  }
}

function blockOf(n: number): number {
  return Math.floor((Math.max(1, n) - 1) / BLOCK)
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(String(error))
}

import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, OrchestraError } from '../errors.ts'
import { Redactor, SecretIndex } from '../secrets/redact.ts'
import type { NamedSecret } from '../secrets/variants.ts'
import type { Store } from '../store/index.ts'
import { LastWords } from './last-words.ts'
import { CHUNK_BYTES, type OutputStream, PendingOutput } from './output.ts'
import { finishLog, type LogEnd, type RestOfLog, storeOutput } from './store-output.ts'
import { isTransient } from './transient.ts'

export interface LogWriterOptions {
  logId: number
  /** Values that are replaced by their names in whatever is written. */
  secrets?: readonly NamedSecret[]
  /** Output that is kept at most; what comes after it is counted and dropped. Default 256 MB; a log may take that much space. */
  maxBytes?: number
  /** Pieces that it is kept in at most: of one stream and operation each. Default a million. */
  maxChunks?: number
}

export interface LogWriter {
  /** The script has begun to run. */
  started(): void
  /** Keeps output of an operation (null: of the script as a whole). A returned promise asks to wait until there is room. */
  write(stream: OutputStream, position: number | null, bytes: Uint8Array): Promise<void> | undefined
  /** Replaces secrets in a message that will be stored beside the output. */
  redact(text: string): string
  /**
   * What an operation printed that tells why it failed, without secrets; null when it printed nothing. Only of one that is over: what
   * was held back of its output is no secret then.
   */
  lastWords(position: number | null): string | null
  /** Stores what waits, while more is coming. */
  flush(): Promise<void>
  /** Stores all that waits and leaves the log open: somebody else will end it. */
  drain(): Promise<void>
  /** Stores what waits; answers the last piece, to be stored by `finishLog` in the caller's transaction. */
  close(): Promise<RestOfLog>
  /** Closes and ends the log in one go. Answers false when somebody else has ended it before. */
  finish(end: LogEnd): Promise<boolean>
  /** Drops what waits and gives up: another worker has taken the lane over. */
  abandon(): void
}

const FLUSH_DELAY = 100
const BATCH_BYTES = 512 * 1024
const HIGH_WATER = 1024 * 1024
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024
/** A server may change between streams and operations with every byte, and each change is a row of its own. */
const DEFAULT_MAX_CHUNKS = 1_000_000
const FIRST_RETRY = 100
const LAST_RETRY = 5_000

/** Writes the output of one running script; see `LogWriter`. */
export function createLogWriter(store: Store, options: LogWriterOptions): LogWriter {
  return new OutputWriter(store, options)
}

class OutputWriter implements LogWriter {
  readonly #store: Store
  readonly #logId: number
  readonly #maxBytes: number
  readonly #maxChunks: number
  readonly #named: readonly NamedSecret[]
  readonly #pending = new PendingOutput()
  readonly #lastWords = new LastWords()
  readonly #streams: Record<OutputStream, { redactor: Redactor | undefined; position: number | null }> = {
    stdout: { redactor: undefined, position: null },
    stderr: { redactor: undefined, position: null },
  }
  readonly #stop = new AbortController()
  #index: SecretIndex | undefined
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #room: PromiseWithResolvers<void> | undefined
  #received = 0
  /** What comes now is counted and dropped. */
  #isFull = false
  #startedAt: number | undefined
  #startStored = false
  #failure: OrchestraError | undefined

  constructor(store: Store, options: LogWriterOptions) {
    this.#store = store
    this.#logId = options.logId
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
    this.#maxChunks = options.maxChunks ?? DEFAULT_MAX_CHUNKS
    this.#named = options.secrets ?? []
  }

  started(): void {
    this.#startedAt ??= performance.now()
    this.#schedule()
  }

  write(stream: OutputStream, position: number | null, bytes: Uint8Array): Promise<void> | undefined {
    const source = this.#streams[stream]
    if (source.position !== position) this.#endPart(stream)
    source.position = position
    source.redactor ??= new Redactor(this.#secrets)
    this.#keep(stream, position, source.redactor.push(bytes))
    if (this.#pending.size >= CHUNK_BYTES) this.#flush()
    else this.#schedule()
    return this.#pending.size > HIGH_WATER ? this.#waitForRoom() : undefined
  }

  redact(text: string): string {
    return this.#secrets.redact(text)
  }

  lastWords(position: number | null): string | null {
    for (const stream of ['stdout', 'stderr'] as const)
      if (this.#streams[stream].position === position) this.#endPart(stream)
    return this.#lastWords.of(position, `orchestra log show ${this.#logId}`)
  }

  flush(): Promise<void> {
    return this.#storePendingDownTo(0)
  }

  drain(): Promise<void> {
    return this.#storeDownTo(0)
  }

  async close(): Promise<RestOfLog> {
    await this.#storeDownTo(BATCH_BYTES)
    return {
      chunks: this.#pending.take(BATCH_BYTES),
      outputBytes: this.#received,
      startedAgo: this.#startedAgo(),
    }
  }

  async finish(end: LogEnd): Promise<boolean> {
    const rest = await this.close()
    return this.#persist(() => finishLog(this.#store, this.#logId, this.#redactEnd(end), rest))
  }

  abandon(): void {
    this.#fail(new OrchestraError('ORC_LOG_LOST', `The writer of log ${this.#logId} was abandoned`))
  }

  /** Made when there is something to search: a script with thousands of secrets that prints nothing pays nothing. */
  get #secrets(): SecretIndex {
    this.#index ??= new SecretIndex(this.#named)
    return this.#index
  }

  #redactEnd(end: LogEnd): LogEnd {
    const clean = (text: string | null | undefined) =>
      text === undefined || text === null ? null : this.redact(text)
    const operations = end.operations?.map((operation) => ({ ...operation, error: clean(operation.error) }))
    return { ...end, error: clean(end.error), ...(operations === undefined ? {} : { operations }) }
  }

  async #storeDownTo(size: number): Promise<void> {
    this.#endPart('stdout')
    this.#endPart('stderr')
    await this.#storePendingDownTo(size)
  }

  async #storePendingDownTo(size: number): Promise<void> {
    while (this.#flushing !== undefined || this.#pending.size > size) await this.#flush()
    clearTimeout(this.#timer)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** What a stream held back is no secret once its operation is over. */
  #endPart(stream: OutputStream): void {
    const { redactor, position } = this.#streams[stream]
    if (redactor !== undefined) this.#keep(stream, position, redactor.end())
  }

  #keep(stream: OutputStream, position: number | null, bytes: Buffer): void {
    this.#lastWords.take(stream, position, bytes)
    if (bytes.length === 0 || this.#failure !== undefined) return
    const room = this.#maxBytes - this.#received
    this.#received += bytes.length
    if (this.#isFull) return
    this.#pending.add(stream, position, bytes.subarray(0, room))
    this.#isFull = bytes.length > room || this.#pending.opened >= this.#maxChunks
    if (this.#isFull) this.#pending.add('stderr', null, cutMark(Math.min(this.#received, this.#maxBytes)))
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#flushing !== undefined || this.#failure !== undefined) return
    this.#timer = setTimeout(() => this.#flush(), FLUSH_DELAY)
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing ??= this.#storePending().finally(() => {
      this.#flushing = undefined
      if (!this.#pending.isEmpty) this.#schedule()
    })
    return this.#flushing
  }

  async #storePending(): Promise<void> {
    try {
      do {
        const chunks = this.#pending.take(BATCH_BYTES)
        await this.#persist(() => storeOutput(this.#store, this.#logId, chunks, this.#startToStore()))
        this.#startStored = this.#startedAt !== undefined
        if (this.#pending.size < HIGH_WATER / 2) this.#makeRoom()
      } while (this.#pending.size >= CHUNK_BYTES)
    } catch (error) {
      this.#fail(lostLog(this.#logId, error))
    }
  }

  /** Tries again while the store is away: what came before it went is kept, and backpressure bounds what comes after. */
  async #persist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let delay = FIRST_RETRY; ; delay = Math.min(delay * 2, LAST_RETRY)) {
      this.#stop.signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!isTransient(error)) throw error
      }
      await sleep(delay, undefined, { signal: this.#stop.signal })
    }
  }

  #fail(failure: OrchestraError): void {
    this.#failure ??= failure
    clearTimeout(this.#timer)
    this.#stop.abort()
    this.#pending.clear()
    this.#makeRoom()
  }

  #waitForRoom(): Promise<void> {
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  #makeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  #startedAgo(): number | null {
    return this.#startedAt === undefined ? null : Math.round(performance.now() - this.#startedAt)
  }

  #startToStore(): number | null {
    return this.#startStored ? null : this.#startedAgo()
  }
}

function cutMark(maxBytes: number): Buffer {
  return Buffer.from(`\n[orchestra: only the first ${maxBytes} bytes of this script's output are kept]\n`)
}

function lostLog(logId: number, cause: unknown): OrchestraError {
  if (cause instanceof OrchestraError) return cause
  return new OrchestraError(
    'ORC_LOG_LOST',
    `The output of log ${logId} cannot be stored: ${messageOf(cause)}`,
    {
      hint: 'See what the database says; the operations of this script are not affected and are tried again',
      cause,
    },
  )
}

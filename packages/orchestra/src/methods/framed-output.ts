import type { Readable } from 'node:stream'
import { MarkedStream } from '../script/marked-stream.ts'
import type { Output } from './wire.ts'

/** What one script prints on a stream that others print on before and after it: up to a mark that only its token makes. */
export class FramedOutput implements Output {
  /** Resolves with what the mark says, once all before it was passed on. */
  readonly ended: Promise<string>
  readonly #stream: Readable
  readonly #marked: MarkedStream
  #held: Buffer[] = []
  #listener: ((bytes: Buffer) => void) | null = null
  #hasEnded = false
  #onFirst: () => void = () => {}

  constructor(stream: Readable, token: string) {
    this.#stream = stream
    const { promise, resolve } = Promise.withResolvers<string>()
    this.ended = promise
    this.#marked = new MarkedStream(token, {
      onBytes: (bytes) => this.#pass(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      onRecord: (record) => {
        this.#hasEnded = true
        resolve(record)
      },
    })
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether something came behind the mark, which no script of ours can have printed. */
  strayed = false

  /** Calls back at the first byte; nothing is lost when nobody listens yet. */
  onFirst(listener: () => void): void {
    this.#onFirst = listener
  }

  on(_event: 'data', listener: (bytes: Buffer) => void): void {
    this.#listener = listener
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    const held = this.#held
    this.#held = []
    for (const bytes of held) this.#listener?.(bytes)
    this.#stream.resume()
  }

  /** Takes what the stream brings while it is this script's. */
  push(bytes: Buffer): void {
    this.#onFirst()
    if (this.#hasEnded) this.strayed = true
    else this.#marked.push(bytes)
  }

  /** The stream is over, and nothing that looked like the beginning of a mark was one. */
  end(): void {
    if (!this.#hasEnded) this.#marked.end()
  }

  #pass(bytes: Buffer): void {
    if (this.#hasEnded) this.strayed = true
    else if (this.#listener !== null) this.#listener(bytes)
    else {
      this.#held.push(bytes)
      this.#stream.pause()
    }
  }
}

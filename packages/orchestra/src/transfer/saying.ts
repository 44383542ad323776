import { Redactor, type SecretIndex, tellingOf } from '../logs/index.ts'

const KEPT_BYTES = 64 * 1024
/** So much comes together before it is cut: a server that prints byte by byte costs no copy of the rest for each. */
const COLLECTED_BYTES = 8 * KEPT_BYTES

/** The end of one stream of a script, with its secrets by name. */
export class Saying {
  readonly #redactor: Redactor
  #pieces: Buffer[] = []
  #size = 0

  constructor(secrets: SecretIndex) {
    this.#redactor = new Redactor(secrets)
  }

  push(bytes: Uint8Array): void {
    this.#keep(this.#redactor.push(bytes))
  }

  /** All that is kept. Nothing may be pushed after. */
  end(): Buffer {
    this.#keep(this.#redactor.end())
    this.#cut()
    return this.#pieces[0] ?? Buffer.alloc(0)
  }

  #keep(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#size += bytes.length
    if (this.#size > COLLECTED_BYTES || this.#pieces.length > 4_096) this.#cut()
  }

  #cut(): void {
    const kept = Buffer.concat(this.#pieces)
    this.#pieces = [Buffer.from(kept.subarray(-KEPT_BYTES))]
    this.#size = Math.min(this.#size, KEPT_BYTES)
  }
}

/** What an output tells, for a message. */
export function lastWords(output: Buffer): string {
  return tellingOf(output.toString('utf8')) ?? ''
}

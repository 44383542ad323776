import { Redactor, type SecretIndex } from '../logs/index.ts'

const KEPT_BYTES = 64 * 1024
const SHOWN_CHARACTERS = 500

/** The end of one stream of a script, with its secrets by name. */
export class Saying {
  readonly #redactor: Redactor
  #kept: Buffer = Buffer.alloc(0)

  constructor(secrets: SecretIndex) {
    this.#redactor = new Redactor(secrets)
  }

  push(bytes: Uint8Array): void {
    this.#keep(this.#redactor.push(bytes))
  }

  /** All that is kept. Nothing may be pushed after. */
  end(): Buffer {
    this.#keep(this.#redactor.end())
    return this.#kept
  }

  #keep(bytes: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, bytes])
    if (this.#kept.length > KEPT_BYTES) this.#kept = Buffer.from(this.#kept.subarray(-KEPT_BYTES))
  }
}

/** The last words of an output, for a message. */
export function lastWords(output: Buffer): string {
  return output.toString('utf8').trim().slice(-SHOWN_CHARACTERS)
}

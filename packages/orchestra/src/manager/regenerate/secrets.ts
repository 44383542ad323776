import type { NamedSecret } from '../../logs/index.ts'
import type { Secret } from '../../script/index.ts'

/** Secrets whose values are searched for in a script's output: each takes about a kilobyte. */
const MOST_SECRETS = 10_000
const withheld = Buffer.from('[orchestra: output is withheld, too many secrets could stand in it]\n')

/** The secrets of a content of any size. Of more than can be searched for, no output is shown. */
export class StreamedSecrets {
  /** For the writer of the log, which reads it when the first output comes. */
  readonly named: NamedSecret[] = []
  readonly #known = new Set<Secret>()
  #told = false

  add(secrets: readonly Secret[]): void {
    for (const secret of secrets) {
      if (this.#known.size > MOST_SECRETS || this.#known.has(secret)) continue
      this.#known.add(secret)
      this.named.push({ name: secret.name, value: secret.reveal() })
    }
  }

  /** Output as it may be kept. */
  shown(bytes: Uint8Array): Uint8Array {
    if (this.#known.size <= MOST_SECRETS) return bytes
    if (this.#told) return new Uint8Array()
    this.#told = true
    return withheld
  }
}

import { createHash } from 'node:crypto'
import { SecretIndex } from '../logs/index.ts'
import type { EmitScript } from '../script/index.ts'
import { MarkedOutput } from './frames.ts'
import type { Transfer } from './transfer.ts'

const KEPT_BYTES = 64 * 1024
const SHOWN_CHARACTERS = 200

/** What a command printed, however much: a checksum of all of it and the beginning. */
export class EmittedText {
  readonly #output: MarkedOutput
  readonly #hash = createHash('sha256')
  readonly #secrets: SecretIndex
  readonly #head = Buffer.alloc(KEPT_BYTES)
  #headBytes = 0

  constructor(script: EmitScript) {
    this.#output = new MarkedOutput(script.mark)
    this.#secrets = new SecretIndex(script.secrets.map((one) => ({ name: one.name, value: one.reveal() })))
  }

  push(bytes: Uint8Array): void {
    for (const piece of this.#output.push(bytes)) {
      this.#hash.update(piece)
      const kept = piece.subarray(0, KEPT_BYTES - this.#headBytes)
      this.#head.set(kept, this.#headBytes)
      this.#headBytes += kept.length
    }
  }

  get isWhole(): boolean {
    return this.#output.isWhole
  }

  get digest(): string {
    return this.#hash.copy().digest('hex')
  }

  /** The lines it begins with, secrets by name. */
  get lines(): string[] {
    return this.#secrets.redact(this.#head.toString('utf8', 0, this.#headBytes)).split('\n')
  }
}

/** What two sides that should be equal differ in; null when they do not. */
export function differenceOf(
  original: EmittedText,
  restored: EmittedText,
  { from, to }: Pick<Transfer, 'from' | 'to'>,
): string | null {
  if (!original.isWhole || !restored.isWhole) return 'an output of verify broke off'
  if (original.digest === restored.digest) return null
  const [left, right] = [original.lines, restored.lines]
  const at = left.findIndex((line, index) => line !== right[index])
  const line = at === -1 ? left.length : at
  return (
    `the restored data is not the same: line ${line + 1} of verify is ${shown(left[line])} on ${from.name} ` +
    `and ${shown(right[line])} on ${to.name}`
  )
}

function shown(line: string | undefined): string {
  return line === undefined ? 'missing' : JSON.stringify(line.slice(0, SHOWN_CHARACTERS))
}

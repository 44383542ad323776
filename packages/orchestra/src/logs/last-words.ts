import { stripVTControlCharacters } from 'node:util'
import type { OutputStream } from './output.ts'

/** Bytes of each stream of an operation that are kept. */
const KEPT = 1_024
/** Characters of a message that tells what was printed last. */
const LONGEST = 300
/** What Orchestra itself prints of a check, after what the check has printed. */
const ours = /^The check (failed|fails|did not end)\b/

/** What each operation (null: the script as a whole) printed last, to say why it failed. Takes output as it may be kept. */
export class LastWords {
  readonly #tails = new Map<number | null, Partial<Record<OutputStream, Buffer>>>()

  take(stream: OutputStream, position: number | null, bytes: Buffer): void {
    if (bytes.length === 0) return
    const tails = this.#tails.get(position) ?? {}
    const before = tails[stream]
    const all = before === undefined ? bytes : Buffer.concat([before, bytes.subarray(-KEPT)])
    // Copied, so that a few bytes do not keep the whole chunk in memory.
    tails[stream] = Buffer.from(all.subarray(-KEPT))
    this.#tails.set(position, tails)
  }

  /** So many lines of stderr, or else of stdout, as one; null when nothing was printed. */
  of(position: number | null, lines: number): string | null {
    const tails = this.#tails.get(position)
    return lastLines(tails?.stderr, lines) ?? lastLines(tails?.stdout, lines)
  }
}

function lastLines(bytes: Buffer | undefined, count: number): string | null {
  if (bytes === undefined) return null
  const text = bytes.toString().split(/[\r\n]+/)
  const meant = text.map(printable).filter((line) => line !== '' && !ours.test(line))
  if (meant.length === 0) return null
  const said = meant.slice(-count).join(' / ')
  return said.length > LONGEST ? `${said.slice(0, LONGEST).toWellFormed()}…` : said
}

/** Without colours and whatever else is for a terminal. */
function printable(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
}

import { Hearing } from './hearing.ts'
import type { OutputStream } from './output.ts'
import { telling } from './telling.ts'

/** What each operation (null: the script as a whole) printed, to say why it failed. Takes output as it may be kept. */
export class LastWords {
  readonly #heard = new Map<number | null, Partial<Record<OutputStream, Hearing>>>()

  take(stream: OutputStream, position: number | null, bytes: Buffer): void {
    if (bytes.length === 0) return
    const streams = this.#heard.get(position) ?? {}
    const hearing = streams[stream] ?? new Hearing()
    hearing.take(bytes)
    streams[stream] = hearing
    this.#heard.set(position, streams)
  }

  /**
   * What stderr tells, or else stdout, as one line; null when nothing was printed.
   * @param command shows all of it
   */
  of(position: number | null, command: string): string | null {
    const streams = this.#heard.get(position)
    return told(streams?.stderr, command) ?? told(streams?.stdout, command)
  }
}

function told(hearing: Hearing | undefined, command: string): string | null {
  return hearing === undefined ? null : telling(hearing.heard(), command)
}

import type { SyncWork } from '../sync/index.ts'
import type { Terminal } from './terminal.ts'

/** Characters of a bar. */
const BAR = 24
/** Milliseconds between two lines where no terminal shows a bar. */
const LINE_INTERVAL = 5_000

/** `[######------] 50 %` */
export function bar(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.floor(share * BAR)
  return `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${Math.floor(share * 100)} %`
}

/** Shows how far something is: on a terminal in one line that changes, elsewhere in a line now and then. */
export class Progress {
  readonly #terminal: Terminal
  #last = ''
  #saidAt = Date.now()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show(text: string): void {
    this.#terminal.progress(text)
    const isTime = Date.now() - this.#saidAt >= LINE_INTERVAL
    if (this.#terminal.showsProgress || this.#terminal.json || !isTime || text === this.#last) return
    this.#last = text
    this.#saidAt = Date.now()
    this.#terminal.note(text)
  }

  close(): void {
    this.#terminal.progress('')
  }
}

/** `12 of 40 operations have ended, 2 failed and are tried again` */
export function workText({ waiting, running, failing, done }: SyncWork): string {
  const failed = failing === 0 ? '' : `, ${failing} failed and are tried again`
  return `${done} of ${done + waiting + running} operations have ended${failed}`
}

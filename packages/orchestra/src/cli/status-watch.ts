import { setTimeout as sleep } from 'node:timers/promises'
import { Bell, type Store } from '../store/index.ts'
import type { Terminal } from './terminal.ts'
import { stopSignals } from './up-signals.ts'

/** Milliseconds between two pictures: changes come in crowds. */
const SHORTEST = 400

/** What one look shows: the same for programs and for people. */
export interface Picture {
  document: unknown
  lines: readonly string[]
}

/**
 * Shows a picture again whenever it changes, until somebody presses Ctrl-C: in place on a terminal, else one below the other, and one
 * JSON document a line for programs.
 */
export async function watch(store: Store, terminal: Terminal, look: () => Promise<Picture>): Promise<void> {
  const bell = new Bell(store)
  const signals = stopSignals()
  let isLeft = false
  void signals.first.then(() => {
    isLeft = true
  })
  let last = ''
  try {
    while (!isLeft) {
      const rung = bell.wait()
      const { document, lines } = await look()
      const text = terminal.json ? JSON.stringify(document) : lines.join('\n')
      if (text !== last) show(terminal, { document, lines })
      last = text
      await Promise.race([Promise.all([rung, sleep(SHORTEST)]), signals.first])
    }
  } finally {
    signals.close()
    await bell.close()
  }
}

function show(terminal: Terminal, { document, lines }: Picture): void {
  if (terminal.json) {
    terminal.record(document)
    return
  }
  if (terminal.isTerminal) terminal.clear()
  for (const line of lines) terminal.line(line)
  if (!terminal.isTerminal) terminal.line()
}

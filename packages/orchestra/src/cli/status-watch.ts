import { follow } from './follow.ts'
import type { Session } from './session.ts'
import type { Terminal } from './terminal.ts'

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
export async function watch(session: Session, look: () => Promise<Picture>): Promise<void> {
  const { terminal } = session
  let last = ''
  await follow(
    session,
    async () => {
      const { document, lines } = await look()
      const text = terminal.json ? JSON.stringify(document) : lines.join('\n')
      if (text !== last) show(terminal, { document, lines })
      last = text
      return { value: null, ended: false }
    },
    SHORTEST,
  )
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

import type { Readable, Writable } from 'node:stream'
import { within } from './within.ts'

/** A session with a terminal in which an order runs. */
export interface Terminal {
  stdin: Writable
  stdout: Readable
  /** Its exit status; null where it has none. */
  ended: Promise<number | null>
  /** Lets go of it: the kernel hangs up on what is left in it. */
  abandon(): void
}

/** The key that ends a program and that bash does not end at, and a line for whoever reads one. */
const quit = '\u001c\n'
const betweenKeys = 300
/** How long the order may take to come through, with all that waits in that file. */
const patience = 5000
/** A key that comes before bash knows what to do with it ends bash. */
const mostTries = 4

/**
 * Sees an order through a login whose start-up file waits, which is what the order is about: what waits there gets the keys of
 * somebody who sits in front of it, and bash goes on with the next line of its file.
 * @param open a new session with the order; null where there is none
 */
export async function throughStartUpFile(open: () => Promise<Terminal | null>): Promise<void> {
  const deadline = Date.now() + patience
  for (let tries = 0; tries < mostTries && Date.now() < deadline; tries += 1) {
    const terminal = await open()
    if (terminal === null || (await isThrough(terminal, deadline - Date.now()))) return
  }
}

async function isThrough(terminal: Terminal, left: number): Promise<boolean> {
  terminal.stdin.on('error', () => {})
  terminal.stdout.resume()
  const keys = setInterval(() => terminal.stdin.write(quit), betweenKeys)
  try {
    return (await within(terminal.ended, left, null)) === 0
  } finally {
    clearInterval(keys)
    terminal.abandon()
  }
}

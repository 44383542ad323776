import type { OutputChunk } from '../logs/index.ts'
import { decodeOutput } from '../operate/index.ts'
import type { Terminal } from './terminal.ts'
import { manyLines } from './text-width.ts'

/** Prints output as it comes: byte for byte into files and programs, harmless for terminals. */
export async function writeOutput(terminal: Terminal, chunks: AsyncIterable<OutputChunk>): Promise<void> {
  if (!terminal.isTerminal) {
    for await (const { data } of chunks) await terminal.write(data)
    return
  }
  let last = '\n'
  for await (const { text } of decodeOutput(chunks)) {
    await terminal.write(manyLines(text))
    last = text.at(-1) ?? last
  }
  if (last !== '\n') terminal.line()
}

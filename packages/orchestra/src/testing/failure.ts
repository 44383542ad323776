import { createTwoFilesPatch } from 'diff'
import { OrchestraError } from '../errors.ts'

const MOST_SHOWN = 8_000

/** What a check throws when a backend does not pass it. */
export function failure(message: string, hint?: string): OrchestraError {
  if (hint === undefined) return new OrchestraError('ORC_BACKEND_CHECK', message)
  // Test runners show nothing of an error but its message.
  return new OrchestraError('ORC_BACKEND_CHECK', `${message}\n${hint}`, { hint })
}

/** From one text to another in the unified format, short enough to be read. */
export function difference(name: string, from: [string, string], to: [string, string]): string {
  const diff = createTwoFilesPatch(name, name, from[1], to[1], from[0], to[0], { context: 3 })
  return shortened(diff.replace(/^=+\n/, ''))
}

/** Output as a message can carry it. */
export function shortened(text: string): string {
  return text.length <= MOST_SHOWN
    ? text
    : `${text.slice(0, MOST_SHOWN)}\n... (${text.length} characters in all)`
}

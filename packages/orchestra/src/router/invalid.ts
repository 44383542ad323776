import { OrchestraError } from '../errors.ts'

/** Characters of a match expression, from `start` up to `end`. */
export interface Range {
  start: number
  end: number
}

/** A match expression that cannot be one, with the place of what is wrong. */
export class MatchFault extends OrchestraError {
  readonly range: Range
  readonly reason: string

  constructor(message: string, hint: string, { range, reason }: { range: Range; reason: string }) {
    super('ORC_ROUTE_INVALID', message, { hint })
    this.range = range
    this.reason = reason
  }
}

/** Why a match expression is refused, shown under the place in its text. */
export function invalidMatch(text: string, range: Range, reason: string, hint: string): MatchFault {
  const { line, column } = positionOf(text, range.start)
  const where = `line ${line}, column ${column}`
  const message = `The match expression is wrong at ${where}: ${reason}\n${excerpt(text, range)}`
  return new MatchFault(message, hint, { range, reason })
}

/** Both count from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** The line of the text that holds the place, with carets under it. */
function excerpt(text: string, range: Range): string {
  const { line, column } = positionOf(text, range.start)
  const content = text.split('\n')[line - 1] ?? ''
  const width = Math.max(1, Math.min(range.end - range.start, content.length - column + 1))
  // Tabs stay tabs, so that the carets stand under the place however wide a tab is.
  const indent = content.slice(0, column - 1).replace(/[^\t]/g, ' ')
  return `    ${content}\n    ${indent}${'^'.repeat(width)}`
}

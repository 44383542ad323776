import type { PlannedDifference } from '../plan/index.ts'
import type { Terminal } from './terminal.ts'
import { linesOf, oneLine } from './text-width.ts'

/** How one object differs: each part below its title. */
export function differenceLines(differences: readonly PlannedDifference[], terminal: Terminal): string[] {
  return differences.flatMap(({ title, diff }) =>
    diff === null
      ? [`  ${oneLine(title)}: what was applied was not kept`]
      : [`  ${oneLine(title)}`, ...diffLines(diff, terminal)],
  )
}

function diffLines(diff: string, terminal: Terminal): string[] {
  return linesOf(diff.trimEnd())
    .filter((line) => line !== '')
    .map((line) => `    ${paintDiff(line, terminal)}`)
}

function paintDiff(line: string, terminal: Terminal): string {
  if (line.startsWith('+')) return terminal.colour('green', line)
  if (line.startsWith('-')) return terminal.colour('red', line)
  return line.startsWith('@') ? terminal.colour('cyan', line) : line
}

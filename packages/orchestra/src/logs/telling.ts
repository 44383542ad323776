import { stripVTControlCharacters } from 'node:util'

/** Lines that are told whole. */
const FEW = 4
/** Lines that are told of the end, and of the beginning where no line names a cause. */
const AN_END = 2
/** Characters of one line. */
const LONGEST = 300
/** What Orchestra itself prints of a check, after what the check has printed. */
const ours = /^The check (failed|fails|did not end|was ended)\b/
/** What names a cause, the surest first: programs tell what is wrong, and then once more that something is. */
const causes = [
  /\b(emerg|alert|crit|critical|fatal|panic)\b/i,
  /(\b|[a-z])errors?\b/i,
  /\b(failed|failure|fails|denied|refused|invalid|unknown|unable|cannot|can't|no such|not found|missing)\b/i,
]

/** What was printed, as far as it is kept. */
export interface Heard {
  /** Lines from the beginning. */
  first: readonly string[]
  /** Lines up to the end. */
  last: readonly string[]
  /** Lines between them, of which nothing is kept. */
  between: number
}

/**
 * What an output says in an error, as one line: all of it where it is short, else the line that names the cause, or how it began, and
 * how it ended. Null when nothing was printed. Pure.
 * @param command shows all of it
 */
export function telling({ first, last, between }: Heard, command?: string): string | null {
  const [beginning, end] = [meant(first), meant(last)]
  const all = [...beginning, ...end]
  if (all.length === 0) return null
  // What each of several objects complains of is one complaint.
  const different = [...new Set(all)]
  if (between === 0 && different.length <= FEW) return different.map(shortened).join(' / ')
  const shown = chosen(beginning, end)
  const left = between + all.length - shown.length
  const where = command === undefined ? '' : `: ${command}`
  return `${shown.map(shortened).join(' / ')} (${left} more ${left === 1 ? 'line' : 'lines'}${where})`
}

/** The same of a text, of which all is kept. Pure. */
export function tellingOf(text: string, command?: string): string | null {
  return telling({ first: [], last: linesIn(text), between: 0 }, command)
}

/** What ends a line for whoever reads along also ends it here. */
export function linesIn(text: string): string[] {
  return text.split(/[\r\n]+/)
}

function chosen(beginning: readonly string[], end: readonly string[]): string[] {
  const all = [...beginning, ...end]
  // What stands nearer to the end is of what failed; the beginning may be of something that went well.
  const cause = causeIn(end.slice(0, -AN_END)) ?? causeIn(beginning)
  const before = cause === undefined ? all.slice(0, -AN_END).slice(0, AN_END) : [cause]
  return [...before, ...all.slice(-AN_END)]
}

function causeIn(lines: readonly string[]): string | undefined {
  for (const rule of causes) {
    const found = lines.find((line) => rule.test(line))
    if (found !== undefined) return found
  }
  return undefined
}

function meant(lines: readonly string[]): string[] {
  return lines.map(printable).filter((line) => line !== '' && !ours.test(line))
}

function shortened(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST).toWellFormed()}…` : line
}

/** Without colours and whatever else is for a terminal. */
function printable(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
}

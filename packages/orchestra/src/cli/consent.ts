import type { Agreement } from '../operate/index.ts'
import type { Session } from './session.ts'

/** Asks whether to go on, unless `yes` says so already; says what to do where nobody can be asked. */
export async function askConsent({ terminal }: Session, question: string, yes: boolean): Promise<Agreement> {
  if (yes) return 'given'
  if (terminal.isInteractive)
    return /^y(es)?$/i.test(await terminal.ask(`${question} [y/N]`)) ? 'given' : 'refused'
  terminal.note('nothing was changed: give --yes when that is what you want, or --dry-run to look only')
  return 'refused'
}

/** Asks a person who sits there, after telling what it is about; nobody else agrees. */
export async function askYes(
  { terminal }: Session,
  question: string,
  told: readonly string[] = [],
): Promise<Agreement> {
  if (!terminal.isInteractive) return 'refused'
  for (const line of told) terminal.line(line)
  return /^y(es)?$/i.test(await terminal.ask(`${question} [y/N]`)) ? 'given' : 'refused'
}

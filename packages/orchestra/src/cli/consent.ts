import { OrchestraError } from '../errors.ts'
import type { Session } from './session.ts'

/** `refused`: nobody is there who can agree, or who is there does not. */
export type Consent = 'given' | 'refused'

/** Nobody was there who could agree, or who was there did not: nothing was done, and the exit code is 2. */
export class NotAgreed extends OrchestraError {
  constructor(message: string, hint: string) {
    super('ORC_USAGE', message, { hint })
  }
}

/** Asks whether to go on, unless `yes` says so already; says what to do where nobody can be asked. */
export async function askConsent({ terminal }: Session, question: string, yes: boolean): Promise<Consent> {
  if (yes) return 'given'
  if (terminal.isInteractive)
    return /^y(es)?$/i.test(await terminal.ask(`${question} [y/N]`)) ? 'given' : 'refused'
  terminal.note('nothing was changed: give --yes when that is what you want, or --dry-run to look only')
  return 'refused'
}

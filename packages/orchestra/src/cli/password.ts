import { OrchestraError } from '../errors.ts'
import type { Session } from './session.ts'

/** A password of one line, and nothing longer is read. */
const LONGEST = 4_096

/**
 * A new password, from the terminal without showing it, or the first line of what is piped in. It is never an argument: every user of
 * a machine sees those.
 */
export async function askPassword({ terminal }: Session, piped: boolean): Promise<string> {
  if (piped) return given(await terminal.firstLine(LONGEST))
  if (!terminal.isInteractive) throw nobody()
  const password = given(await terminal.askHidden('Password:'))
  if ((await terminal.askHidden('Again:')) === password) return password
  throw new OrchestraError('ORC_USAGE', 'The two passwords differ', {
    hint: 'Nothing was changed: try again',
  })
}

function given(password: string): string {
  if (password !== '') return password
  throw new OrchestraError('ORC_USAGE', 'No password was given', {
    hint: 'Type it, or pipe it: `--password-stdin < FILE`',
  })
}

function nobody(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'Nobody is there who could type a password', {
    hint: 'Pipe it: `--password-stdin < FILE`, or make a link: `orchestra user link NAME`',
  })
}

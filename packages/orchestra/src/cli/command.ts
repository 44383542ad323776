import { type Command, InvalidArgumentError } from 'commander'
import type { Ending, Session } from './session.ts'

/** The work of one command: its arguments, then its options. */
export type Work<Args extends unknown[]> = (session: Session, ...args: Args) => Promise<Ending>

/** Makes the action of a command: opens a session, works, closes the session, remembers how it ended. */
export type Act = <Args extends unknown[]>(
  work: Work<Args>,
) => (...all: [...args: Args, command: Command]) => Promise<void>

/** Ends the help of a command with what one types. */
export function withExamples(command: Command, ...examples: string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:'
  const lines = examples.map((example) => `  $ orchestra ${example}`)
  return command.addHelpText('after', ['', title, ...lines].join('\n'))
}

/** Gathers the values of an option that may be given several times. */
export function severalTimes(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

/** Reads the number of an option or argument. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,15}$/.test(text) && value >= least) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
  }
}

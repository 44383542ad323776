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

/** Reads `30d`, `12h`, `15min` or `90s` as a time so long ago, or a date. */
export function moment(text: string): Date {
  const [, count, unit = ''] = /^(\d{1,6})(d|h|min|s)$/.exec(text) ?? []
  const ms = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000 }[unit] ?? 0
  const time = count === undefined ? new Date(text) : new Date(Date.now() - Number(count) * ms)
  if (!Number.isNaN(time.getTime()) && (count !== undefined || /^\d{4}-/.test(text))) return time
  throw new InvalidArgumentError('It must be an age such as 30d, 12h, 15min or 90s, or a date.')
}

/** Reads `3d`, `12h`, `15min` or `90s` as a time so far ahead. */
export function later(text: string): Date {
  if (!/^\d{1,6}(d|h|min|s)$/.test(text))
    throw new InvalidArgumentError('It must be so long: 3d, 12h, 15min or 90s.')
  return new Date(2 * Date.now() - moment(text).getTime())
}

/** Reads `3d`, `12h`, `15min` or `90s` as seconds. */
export function span(text: string): number {
  return Math.round((later(text).getTime() - Date.now()) / 1_000)
}

/** Reads a port; 0 is any that is free. */
export function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It must be a port: a whole number from 0 to 65535.')
}

/** Reads the number of an option or argument. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,15}$/.test(text) && value >= least) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
  }
}

import { hostname } from 'node:os'
import { pino } from 'pino'
import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import type { Answered } from '../http/index.ts'
import type { Session } from './session.ts'
import { harmlessJson } from './text-width.ts'

type Level = 'info' | 'warn' | 'error'
type Fields = object

/** What a process that runs on and on says, for programs that gather it: one JSON document a line. */
export interface EventLog {
  tell(level: Level, fields: Fields, text: string): void
}

const forms = ['text', 'json'] as const

/** The option by which a command is asked for it, and what it is where that is left out. */
export const logOption = [
  '--log <form>',
  'text or json: one line of JSON for each event; default ORCHESTRA_LOG, else text',
] as const

/**
 * The log that a command was asked for; undefined for lines that people read.
 * @throws OrchestraError ORC_USAGE
 */
export function eventLog(
  { terminal, environment }: Pick<Session, 'terminal' | 'environment'>,
  { log, quiet = false }: { log?: string | undefined; quiet?: boolean | undefined },
): EventLog | undefined {
  const form = log ?? (environment.ORCHESTRA_LOG || 'text')
  if (!forms.some((one) => one === form))
    throw new OrchestraError('ORC_USAGE', `${JSON.stringify(form)} is no form of a log`, {
      hint: `Give --log or ORCHESTRA_LOG one of ${forms.join(', ')}`,
    })
  return form === 'text'
    ? undefined
    : jsonLog((line) => terminal.line(harmlessJson(line)), quiet ? 'warn' : 'info')
}

function jsonLog(write: (line: string) => void, level: Level): EventLog {
  const logger = pino(
    {
      level,
      base: { pid: process.pid, hostname: hostname() },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  )
  return {
    // What every line has, none has twice.
    tell: (at, fields, text) =>
      logger[at]({ ...fields, pid: undefined, time: undefined, level: undefined }, text),
  }
}

/** What of an error is told; what else it holds may be of rows. */
export function errorFields(error: unknown): Fields {
  const code = isOrchestraError(error) ? error.code : null
  return { code, error: messageOf(error), stack: error instanceof Error ? (error.stack ?? null) : null }
}

/** One line for each request that was answered; of its address the pattern, because what is searched for may be secret. */
export function tellAnswered(log: EventLog, { status, ...answered }: Answered): void {
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'
  log.tell(
    level,
    { event: 'request', ...answered, status },
    `${answered.method} ${answered.route ?? 'nowhere'} ${status}`,
  )
}

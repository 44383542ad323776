import { CommanderError } from 'commander'
import { messageOf, OrchestraError } from '../errors.ts'
import { QueryFault } from '../operate/index.ts'
import type { Terminal } from './terminal.ts'
import { jsonText, linesOf, textWidth } from './text-width.ts'

/** Tells on stderr what went wrong and what to do; the stack only who asks for it with ORCHESTRA_DEBUG=1. */
export function showFailure(terminal: Terminal, error: unknown, environment: NodeJS.ProcessEnv): void {
  const known = asOrchestraError(error)
  if (terminal.json) {
    const { code, message, hint = null } = known
    terminal.note(jsonText({ error: { code, message, hint } }))
  } else {
    for (const line of failureLines(known)) terminal.note(line)
  }
  if (environment.ORCHESTRA_DEBUG === '1' && error instanceof Error)
    for (const line of linesOf(error.stack ?? '')) terminal.note(line)
}

function failureLines(error: OrchestraError): string[] {
  const { code, message, hint } = error
  return [
    ...indented(`error ${code}: ${message}`),
    ...(error instanceof QueryFault ? pointedAt(error) : []),
    ...(hint === undefined ? [] : indented(`  ${hint}`)),
  ]
}

/** The query, and below it what of it is wrong. */
function pointedAt({ query, span: { from, to } }: QueryFault): string[] {
  if (query === '') return []
  const [before, wrong] = [query.slice(0, from), query.slice(from, to)]
  return [
    `      ${query}`,
    `      ${' '.repeat(textWidth(before))}${'^'.repeat(Math.max(1, textWidth(wrong)))}`,
  ]
}

/** What a text goes on with stands further in than all that begins here: it may be a row's or a server's. */
function indented(text: string): string[] {
  const [first = '', ...more] = linesOf(text)
  return [first, ...more.map((line) => `      ${line}`)]
}

function asOrchestraError(error: unknown): OrchestraError {
  if (error instanceof OrchestraError) return error
  if (error instanceof CommanderError) return usageError(error)
  return new OrchestraError('ORC_INTERNAL', messageOf(error), {
    hint: 'Run it again with ORCHESTRA_DEBUG=1 to see where it comes from',
    cause: error,
  })
}

/** The library's message, with its suggestion of a similar name as the hint. */
function usageError({ message }: CommanderError): OrchestraError {
  const [first = '', suggestion] = message.split('\n')
  const hint = suggestion === undefined ? 'See `orchestra --help`' : suggestion.replace(/^\((.*)\)$/, '$1')
  return new OrchestraError('ORC_USAGE', first.replace(/^error: /, ''), { hint })
}

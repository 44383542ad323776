import { type Command, Option } from 'commander'
import type { LoggedOperation, LogRecord, LogState, LogSummary, OutputText } from '../logs/index.ts'
import {
  decodeOutput,
  logFollow,
  logList,
  logOutput,
  logScript,
  logShow,
  logStates,
} from '../operate/index.ts'
import { age, took } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { addLogLinesCommand } from './log-lines.ts'
import { writeOutput } from './log-output.ts'
import { addLogSectionsCommands } from './log-sections.ts'
import { shownState, stateColour } from './operation-lines.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { linesOf, oneLine } from './text-width.ts'

export function addLogCommands(program: Command, act: Act): void {
  const log = withExamples(
    program.command('log').description('Logs of scripts: what ran where, and what it printed'),
    'log list --state FAILURE',
  )
  addListing(log, act)
  addReading(log, act)
}

function addListing(log: Command, act: Act): void {
  const list = log
    .command('list')
    .description('Logs that fit, the newest first')
    .option('--object <object>', 'With an operation of this object, for example site:12')
    .option('--server <server>', 'Of this server')
    .option('--backend <backend>', 'Of this backend')
    .addOption(new Option('--state <state>', 'In this state').choices(logStates))
    .option('--text <text>', 'With this text in the script or in the output')
    .option(...queryOption)
    .option('--before <log>', 'Older than this log', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 20)
    .action(act(listCommand))
  withExamples(list, 'log list', 'log list --object site:12', 'log list --server web1 --state FAILURE --json')
}

function addReading(log: Command, act: Act): void {
  const show = log
    .command('show')
    .argument('<log>', 'Its number', wholeNumber(1))
    .description('One log: operations with their outcomes, output, and the script with secrets by name')
    .option('--output', 'The output only, byte for byte')
    .option('--script', 'The script only')
    .action(act(showCommand))
  withExamples(show, 'log show 4711', 'log show 4711 --output > output.txt', 'log show 4711 --script')
  addLogLinesCommand(log, act)
  addLogSectionsCommands(log, act)
  const follow = log
    .command('follow')
    .argument('<log>', 'Its number', wholeNumber(1))
    .description('The output of a log from its beginning, live until it ends')
    .action(act(followCommand))
  withExamples(follow, 'log follow 4711', 'log follow 4711 --json')
}

interface ListOptions {
  query?: string
  object?: string
  server?: string
  backend?: string
  state?: LogState
  text?: string
  before?: number
  limit: number
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const { terminal } = session
  const logs = await session.run(logList, askedBy(options))
  terminal.tell(logs, ...table(columns(terminal), logs, terminal.width))
  if (logs.length === 0) terminal.note('no logs fit')
  return 'done'
}

function columns(terminal: Terminal): Column<LogSummary>[] {
  return [
    { title: 'LOG', value: (log) => log.id, align: 'right' },
    { title: 'AGE', value: (log) => age(log.createdAt), align: 'right' },
    { title: 'SERVER', value: (log) => log.server },
    { title: 'BACKEND', value: (log) => log.backend },
    {
      title: 'STATE',
      value: (log) => log.state,
      paint: (cell, log) => paintState(terminal, cell, log.state),
    },
    { title: 'TOOK', value: (log) => took(log.startedAt ?? log.createdAt, log.endedAt), align: 'right' },
    { title: 'ERROR', value: errorOf },
  ]
}

/** Why it failed: what ended the whole script, else what the first operation failed by. */
function errorOf({ error, failed, firstError }: LogSummary): string | null {
  if (error !== null || firstError === null) return error
  return failed === 1 ? firstError : `${failed} operations failed, the first: ${firstError}`
}

function paintState(terminal: Terminal, text: string, state: LogState): string {
  return terminal.colour(isOpen(state) ? 'cyan' : isGood(state) ? 'green' : 'red', text)
}

function isOpen(state: LogState): boolean {
  return state === 'RECEIVED' || state === 'STARTED'
}

function isGood(state: LogState): boolean {
  return state === 'SUCCESS' || state === 'NOTHING'
}

function endingOf({ state }: LogSummary): Ending {
  return isGood(state) ? 'done' : 'unfinished'
}

async function showCommand(
  session: Session,
  id: number,
  options: { output?: boolean; script?: boolean },
): Promise<Ending> {
  const { terminal } = session
  const log = await session.run(logShow, { log: id })
  if (options.output === true) await writeOutput(terminal, await session.run(logOutput, { log: id }))
  else if (options.script === true) await terminal.write(await session.run(logScript, { log: id }))
  else await showAll(session, log)
  return endingOf(log)
}

async function showAll(session: Session, log: LogRecord): Promise<void> {
  const { terminal } = session
  const script = await session.run(logScript, { log: log.id })
  const chunks = await session.run(logOutput, { log: log.id })
  if (terminal.json) {
    const output: OutputText[] = []
    for await (const text of decodeOutput(chunks)) output.push(text)
    terminal.document({ ...log, script, output })
    return
  }
  for (const line of headLines(log, terminal)) terminal.line(line)
  terminal.line(terminal.colour('bold', 'Script'))
  for (const line of linesOf(script.trimEnd())) terminal.line(line)
  terminal.line(terminal.colour('bold', 'Output'))
  await writeOutput(terminal, chunks)
}

function headLines(log: LogRecord, terminal: Terminal): string[] {
  const exit = log.exitCode === null ? '' : `, exit ${log.exitCode}`
  const time = took(log.startedAt ?? log.createdAt, log.endedAt)
  return [
    `log ${log.id}: ${log.backend} on ${log.server}, ${paintState(terminal, log.state, log.state)} in ${time}${exit}, ${age(log.createdAt)} ago`,
    ...(log.error === null ? [] : [oneLine(log.error)]),
    terminal.colour('bold', 'Operations'),
    ...log.operations.map((operation) => operationLine(operation, terminal)),
  ]
}

function operationLine(
  { position, action, object, outcome, changed, error }: LoggedOperation,
  terminal: Terminal,
): string {
  const state = shownState({ state: 'running', outcome })
  const what = changed === null || outcome !== 'success' ? '' : changed ? ', changed' : ', unchanged'
  const why = error === null ? '' : `: ${oneLine(error)}`
  return `  ${position}  ${terminal.colour(stateColour(state), state)}${what}  ${action} ${oneLine(object)}${why}`
}

async function followCommand(session: Session, id: number): Promise<Ending> {
  const { terminal } = session
  const chunks = await session.run(logFollow, { log: id })
  if (terminal.json) for await (const text of decodeOutput(chunks)) terminal.record(text)
  else await writeOutput(terminal, chunks)
  const log = await session.run(logShow, { log: id })
  if (!terminal.json)
    terminal.note(
      `log ${id} ended: ${log.state}${errorOf(log) === null ? '' : `: ${oneLine(errorOf(log) ?? '')}`}`,
    )
  return endingOf(log)
}

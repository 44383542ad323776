import { type Command, Option } from 'commander'
import { logLines, logWatch } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addLogLinesCommand(log: Command, act: Act): void {
  const lines = log
    .command('lines')
    .argument('<log>', 'Its number', wholeNumber(1))
    .description('Some lines of the output of a log, with their numbers')
    .option('--from <line>', 'From this line on; the first is 1', wholeNumber(1))
    .option('--lines <count>', 'How many, at most 2000', wholeNumber(1), 100)
    .option('--tail <count>', 'So many of the last instead', wholeNumber(0))
    .option('--follow', 'All from that line on, live until the log ends')
    .addOption(new Option('--stream <stream>', 'Of one stream alone').choices(['stdout', 'stderr']))
    .action(act(linesCommand))
  withExamples(
    lines,
    'log lines 4711 --tail 20',
    'log lines 4711 --from 118 --lines 40 --json',
    'log lines 4711 --follow',
  )
}

interface LinesOptions {
  from?: number
  lines: number
  tail?: number
  stream?: 'stdout' | 'stderr'
  follow?: boolean
}

async function followCommand(session: Session, asked: { log: number; from: number }): Promise<Ending> {
  const { terminal } = session
  for await (const lines of await session.run(logWatch, asked))
    for (const line of lines)
      if (terminal.json) terminal.record(line)
      else terminal.line(`${line.n} ${line.text}`)
  return 'done'
}

async function linesCommand(session: Session, log: number, options: LinesOptions): Promise<Ending> {
  const { terminal } = session
  const { follow = false, ...asked } = options
  if (follow) return followCommand(session, { log, from: asked.from ?? 1 })
  const found = await session.run(logLines, { log, ...asked })
  const width = String(found.total).length
  const shown = found.lines.map(
    ({ n, text, cut }) => `${String(n).padStart(width)} ${text}${cut ? ' …' : ''}`,
  )
  terminal.tell(found, ...shown)
  return 'done'
}

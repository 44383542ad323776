import type { Command } from 'commander'
import type { LogSection } from '../logs/index.ts'
import { logSearch, logSections } from '../operate/index.ts'
import { took } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addLogSectionsCommands(log: Command, act: Act): void {
  const sections = log
    .command('sections')
    .argument('<log>', 'Its number', wholeNumber(1))
    .description('The output by the operations of the script: the lines of each, and how it ended')
    .action(act(sectionsCommand))
  withExamples(sections, 'log sections 4711', 'log sections 4711 --json')
  const search = log
    .command('search')
    .argument('<log>', 'Its number', wholeNumber(1))
    .argument('<text>', 'What is looked for, to the letter')
    .description('Where a text stands in the output, by line and byte')
    .option('--limit <count>', 'How many places are told; all are counted', wholeNumber(1), 1_000)
    .option('--from <byte>', 'From this byte on', wholeNumber(0))
    .action(act(searchCommand))
  withExamples(search, "log search 4711 'permission denied'", 'log search 4711 emerg --limit 1 --json')
}

async function sectionsCommand(session: Session, log: number): Promise<Ending> {
  const { terminal } = session
  const sections = await session.run(logSections, { log })
  terminal.tell(sections, ...table(columns, sections, terminal.width))
  if (sections.length === 0) terminal.note('it did nothing and printed nothing')
  return 'done'
}

const columns: Column<LogSection>[] = [
  { title: 'LINES', value: ({ from, to }) => (from === null ? null : `${from}-${to ?? ''}`), align: 'right' },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'OBJECT', value: ({ object }) => object },
  { title: 'OUTCOME', value: ({ outcome }) => outcome },
  {
    title: 'TOOK',
    value: ({ startedAt, endedAt }) => (startedAt === null ? null : took(startedAt, endedAt)),
    align: 'right',
  },
  { title: 'ERROR', value: ({ error }) => error },
]

async function searchCommand(
  session: Session,
  log: number,
  text: string,
  options: { limit: number; from?: number },
): Promise<Ending> {
  const { terminal } = session
  const found = await session.run(logSearch, { log, text, ...options })
  const { positions, total, truncated, searched } = found
  terminal.tell(found, ...positions.map(({ line, offset }) => `line ${line}, byte ${offset}`))
  if (total > positions.length || total === 0) terminal.note(`${total} places`)
  if (truncated) terminal.note(`only ${searched} bytes were looked through: go on with --from`)
  return 'done'
}

import type { Command } from 'commander'
import { auditList, toExactJson } from '../operate/index.ts'
import type { AuditView } from '../server/index.ts'
import { age } from './ages.ts'
import { type Act, moment, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface ListOptions {
  of?: string
  action?: string
  target?: string
  since?: Date
  before?: number
  limit: number
}

export function addAuditCommands(program: Command, act: Act): void {
  const audit = withExamples(
    program.command('audit').description('What people did to Orchestra itself: servers, routes, keys, holds'),
    'audit list',
  )
  const list = audit
    .command('list')
    .description('Entries that fit, the newest first')
    .option('--of <name>', 'What this person did')
    .option('--action <action>', 'This action, or all that begin so: server.set, route')
    .option('--target <target>', 'What was done to this: a server, route:3, site:12')
    .option('--since <time>', 'Not older than this: 12h, 30d, or 2026-04-12', moment)
    .option('--before <entry>', 'Older than this entry', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(listCommand))
  withExamples(
    list,
    'audit list',
    'audit list --of alice --since 7d',
    'audit list --action route --json',
    'audit list --target web1',
  )
}

async function listCommand(session: Session, { of: by, ...search }: ListOptions): Promise<Ending> {
  const { terminal } = session
  const entries = await session.run(auditList, { by, ...search })
  terminal.tell(entries, ...table(columns, entries, terminal.width))
  if (entries.length === 0) terminal.note('no entries fit')
  return 'done'
}

const columns: Column<AuditView>[] = [
  { title: 'ENTRY', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ at }) => age(at), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'TARGET', value: ({ target }) => target },
  { title: 'DETAIL', value: detailText },
]

function detailText({ detail }: AuditView): string | null {
  if (detail === null) return null
  const parts = Object.entries(detail).filter(([, value]) => value !== null && value !== '')
  return parts
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : toExactJson(value)}`)
    .join(', ')
}

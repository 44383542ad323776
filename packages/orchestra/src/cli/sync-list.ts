import type { Command } from 'commander'
import { syncList } from '../operate/index.ts'
import type { SyncView } from '../sync/index.ts'
import { age } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addSyncListCommand(sync: Command, act: Act): void {
  const list = sync
    .command('list')
    .description(
      'Synchronizations and checks that are open, or were stopped or failed and nothing came of it since',
    )
    .option(...queryOption)
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
    .option('--after <number>', 'Behind this one', wholeNumber(1))
    .action(act(listCommand))
  withExamples(list, 'sync list', 'sync list --json')
}

async function listCommand(
  session: Session,
  options: { limit: number; after?: number; query?: string },
): Promise<Ending> {
  const { terminal } = session
  const syncs = await session.run(syncList, askedBy(options))
  terminal.tell(syncs, ...table(columns, syncs, terminal.width))
  if (syncs.length === 0) terminal.note('none is open, and none is to be thought of')
  return 'done'
}

const columns: Column<SyncView>[] = [
  { title: 'SYNC', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ since }) => age(since), align: 'right' },
  { title: 'MODE', value: ({ mode }) => mode },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'OBJECT', value: ({ object }) => object },
  { title: 'ERROR', value: ({ error }) => error },
]

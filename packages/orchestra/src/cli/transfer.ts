import type { Command } from 'commander'
import { transferList } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { transferText } from './explain.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'

export function addTransferCommands(program: Command, act: Act): void {
  const transfer = withExamples(
    program.command('transfer').description('Data on its way from server to server'),
    'transfer list',
  )
  const list = transfer
    .command('list')
    .description('Transfers that have not ended, the oldest first')
    .option('--object <object>', 'Of this object, for example site:12')
    .option(...queryOption)
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
    .option('--after <transfer>', 'Behind this one', wholeNumber(1))
    .action(act(listCommand))
  withExamples(list, 'transfer list', 'transfer list --object site:12 --json')
}

async function listCommand(
  session: Session,
  options: { object?: string; limit: number; after?: number; query?: string },
): Promise<Ending> {
  const { terminal } = session
  const transfers = await session.run(transferList, askedBy(options))
  terminal.tell(transfers, ...transfers.map((one) => `${one.id}  ${transferText(one)}`))
  if (transfers.length === 0) terminal.note('no data is on its way')
  return 'done'
}

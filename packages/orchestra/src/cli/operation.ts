import type { Command } from 'commander'
import { operationList } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { operationLines } from './operation-lines.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'

export function addOperationCommands(program: Command, act: Act): void {
  const operation = withExamples(
    program.command('operation').description('Operations: what is done to one object on one server'),
    'operation list',
  )
  const list = operation
    .command('list')
    .description('Operations that fit, the newest first, with what those that wait are waiting for')
    .option('--object <object>', 'Of this object, for example site:12')
    .option(...queryOption)
    .option('--before <operation>', 'Older than this operation', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 20)
    .action(act(listCommand))
  withExamples(list, 'operation list', "operation list --query 'server:web1 is:failing' --json")
}

interface ListOptions {
  query?: string
  object?: string
  before?: number
  limit: number
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const { terminal } = session
  const operations = await session.run(operationList, askedBy(options))
  terminal.tell(operations, ...operations.flatMap((one) => operationLines(one, terminal)))
  if (operations.length === 0) terminal.note('no operations fit')
  return 'done'
}

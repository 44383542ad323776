import type { Command } from 'commander'
import { searchFind } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

export function addFindCommand(program: Command, act: Act): void {
  const find = program
    .command('find <text>')
    .description(
      'Servers, objects, units of work and logs that go by a name, a number or the beginning of it',
    )
    .option('--limit <count>', 'How many of each', wholeNumber(1), 10)
    .action(act(findCommand))
  withExamples(find, 'find shop.example', 'find site:1', 'find be14 --json')
}

async function findCommand(session: Session, text: string, options: { limit: number }): Promise<Ending> {
  const { terminal } = session
  const found = await session.run(searchFind, { text, ...options })
  const { servers, objects, units, logs } = found
  const lines = [
    ...servers.map((name) => `server  ${name}`),
    ...objects.map(({ object, identity }) => `object  ${oneLine(object)}  (${oneLine(identity)})`),
    ...units.map((id) => `unit    ${id}`),
    ...logs.map((id) => `log     ${id}`),
  ]
  terminal.tell(found, ...lines)
  if (lines.length === 0) terminal.note('nothing goes by that name')
  return 'done'
}

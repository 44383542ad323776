import type { Command } from 'commander'
import { objectCursor, objectList } from '../operate/index.ts'
import type { ObjectView } from '../placements/index.ts'
import { age } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface ListOptions {
  query?: string
  limit: number
  after?: string
}

export function addObjectCommands(program: Command, act: Act): void {
  const object = withExamples(
    program.command('object').description('Objects of the application, wherever they stand'),
    'object list',
  )
  const list = object
    .command('list')
    .description('Objects of which a placement fits, in their order')
    .option(...queryOption)
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
    .option('--after <cursor>', 'Behind those of the page that told this cursor')
    .action(act(listCommand))
  withExamples(list, 'object list', "object list --query 'model:site is:failing' --json")
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const { terminal } = session
  const objects = await session.run(objectList, askedBy(options))
  terminal.tell(objects, ...table(columns, objects, terminal.width))
  if (objects.length === 0) terminal.note('no objects fit')
  const last = objects.length < options.limit ? undefined : objects.at(-1)
  if (!terminal.json && last !== undefined)
    terminal.note(`the next are shown with --after ${objectCursor(last)}`)
  return 'done'
}

const columns: Column<ObjectView>[] = [
  { title: 'OBJECT', value: ({ object }) => object },
  { title: 'IDENTITY', value: ({ identity }) => identity },
  { title: 'PLACES', value: ({ places }) => places, align: 'right' },
  { title: 'APPLIED', value: ({ states }) => states.applied, align: 'right' },
  { title: 'OPEN', value: ({ open }) => open, align: 'right' },
  { title: 'FAILING', value: ({ failing }) => failing, align: 'right' },
  {
    title: 'LAST',
    value: ({ appliedAt }) => (appliedAt === null ? null : `${age(appliedAt)} ago`),
    align: 'right',
  },
]

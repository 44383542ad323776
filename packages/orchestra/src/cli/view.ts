import type { Command } from 'commander'
import type { ViewView } from '../access/index.ts'
import { viewList, viewRemove, viewSave, viewSet } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { askedBy } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

interface ViewOptions {
  name?: string
  page?: string
  query?: string
  sort?: string
  shared?: boolean
}

export function addViewCommands(program: Command, act: Act): void {
  const view = withExamples(
    program.command('view').description('Saved views: what you look at again and again'),
    'view list',
  )
  const list = view
    .command('list')
    .description('Your own, and those that are shown to everybody')
    .option('--page <page>', 'Of this list, such as logs')
    .action(act(listCommand))
  withExamples(list, 'view list', 'view list --page logs --json')
  const save = view
    .command('save <name>')
    .description('Save what a list is narrowed by, over your own of that name')
    .requiredOption('--page <page>', 'The list, such as logs')
    .option('--query <query>', 'What it is narrowed by', '')
    .option('--sort <field>', 'What it is sorted by; - before it turns it around')
    .option('--shared', 'Show it to everybody')
    .action(act(saveCommand))
  withExamples(save, 'view save failing --page logs --query "server:web1 is:failed"')
  const set = view
    .command('set')
    .description('Change a view')
    .argument('<number>', 'As `view list` shows it', wholeNumber(1))
    .option('--name <name>', 'What it is called')
    .option('--page <page>', 'The list')
    .option('--query <query>', 'What it is narrowed by')
    .option('--sort <field>', 'What it is sorted by')
    .option('--shared', 'Show it to everybody')
    .option('--no-shared', 'Keep it for yourself')
    .action(act(setCommand))
  withExamples(set, 'view set 3 --query is:failed', 'view set 3 --no-shared')
  const remove = view
    .command('remove')
    .description('Remove a view')
    .argument('<number>', 'As `view list` shows it', wholeNumber(1))
    .action(act(removeCommand))
  withExamples(remove, 'view remove 3')
}

async function listCommand(session: Session, options: { page?: string }): Promise<Ending> {
  const views = await session.run(viewList, options)
  const { terminal } = session
  terminal.tell(views, ...table(columns, views, terminal.width))
  if (views.length === 0) terminal.note('no views are saved')
  return 'done'
}

async function saveCommand(
  session: Session,
  name: string,
  { page = '', ...options }: Omit<ViewOptions, 'name'>,
): Promise<Ending> {
  const saved = await session.run(viewSave, { name, page, ...askedBy(options) })
  session.terminal.tell(saved, `saved as view ${saved.id}`)
  return 'done'
}

async function setCommand(session: Session, view: number, options: ViewOptions): Promise<Ending> {
  const set = await session.run(viewSet, { view, ...askedBy(options) })
  session.terminal.tell(set, `view ${set.id} is ${oneLine(set.name)}: ${set.page} ${oneLine(set.q)}`)
  return 'done'
}

async function removeCommand(session: Session, view: number): Promise<Ending> {
  const { removed } = await session.run(viewRemove, { view })
  session.terminal.tell({ removed }, `view ${removed.id}, ${oneLine(removed.name)}, is removed`)
  return 'done'
}

const columns: Column<ViewView>[] = [
  { title: 'VIEW', value: ({ id }) => id, align: 'right' },
  { title: 'PAGE', value: ({ page }) => page },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'QUERY', value: ({ q }) => q },
  { title: 'SORT', value: ({ sort }) => sort },
  { title: 'BY', value: ({ owner, shared }) => (shared ? `${owner}, for all` : owner) },
]

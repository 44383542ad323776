import { Argument, type Command, Option } from 'commander'
import {
  type BulkBegun,
  type BulkView,
  bulkActionNames,
  bulkItems,
  bulkShow,
  bulkStart,
  placementStates,
} from '../operate/index.ts'
import type { BulkItem } from '../requests/index.ts'
import { age } from './ages.ts'
import { objectNames } from './cause-lines.ts'
import { type Act, later, wholeNumber, withExamples } from './command.ts'
import { askYes } from './consent.ts'
import { expectWorker } from './follow.ts'
import { queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

type Action = (typeof bulkActionNames)[number]

interface StartOptions {
  server?: string
  backend?: string
  model?: string
  identity?: string
  state?: (typeof placementStates)[number]
  tag?: string
  query?: string
  reason?: string
  for?: Date
  dryRun?: boolean
  yes?: boolean
}

export function addBulkCommands(program: Command, act: Act): void {
  const bulk = withExamples(
    program.command('bulk').description('Do something to many objects or servers, each by itself'),
    'bulk start retry --server web1 --state failed',
  )
  const start = bulk
    .command('start')
    .description('Have workers do something to those that are named, or to what fits')
    .addArgument(new Argument('<action>').choices(bulkActionNames))
    .argument('[items...]', 'Objects (site:12); servers, for hold, release and check')
    .option('--server <server>', 'What is on this server')
    .option('--backend <backend>', 'Of this backend')
    .option('--model <model>', 'Of objects of this model')
    .option('--identity <name>', 'What it is called on the server; * stands for anything')
    .addOption(new Option('--state <state>', 'In this state').choices(placementStates))
    .option('--tag <tag>', 'Servers that have this tag')
    .option(...queryOption)
    .option('--reason <text>', 'Of a hold, for whoever asks')
    .option('--for <time>', 'Of a hold: so long; default until somebody releases it', later)
    .option('--dry-run', 'Only tell what it would be done to')
    .option('--yes', 'Do not ask')
    .action(act(startCommand))
  withExamples(
    start,
    'bulk start retry --query "server:web1 is:failing" --dry-run',
    'bulk start collect site:12 site:13',
    'bulk start hold --tag rack-7 --for 2h --reason "new switch"',
  )
  const show = bulk
    .command('show')
    .description('How far it is, and how it ended so far')
    .argument('<number>', 'As `bulk start` told it', wholeNumber(1))
    .action(act(showCommand))
  withExamples(show, 'bulk show 12')
  const items = bulk
    .command('items')
    .description('What became of each')
    .argument('<number>', 'As `bulk start` told it', wholeNumber(1))
    .addOption(
      new Option('--state <state>', 'Of those alone').choices(['waiting', 'done', 'refused', 'failed']),
    )
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
    .option('--after <number>', 'Behind this one', wholeNumber(1))
    .action(act(itemsCommand))
  withExamples(items, 'bulk items 12 --state failed')
}

async function startCommand(
  session: Session,
  action: Action,
  items: string[],
  { reason, for: until, dryRun, query, yes = false, ...where }: StartOptions,
): Promise<Ending> {
  const begun = await session.run(
    bulkStart,
    {
      action,
      ...(items.length > 0 ? { items } : {}),
      ...(Object.keys(where).length > 0 ? { where } : {}),
      q: query,
      reason,
      until,
      dryRun,
    },
    {
      agree: async ({ target }) =>
        yes ? 'given' : askYes(session, `${action} of ${target}, which cannot be taken back. Go on?`),
    },
  )
  if (begun.bulk !== null) await expectWorker(session)
  session.terminal.tell(begun, ...begunLines(begun))
  return 'done'
}

/** What was begun, and where it is asked for. */
export function begunLines({ bulk, action, count, items }: BulkBegun): string[] {
  if (count === 0) return ['nothing fits']
  const what = `${action} of ${count}: ${objectNames({ objects: items, count })}`
  return bulk === null ? [`it would be ${what}`] : [what, `how far it is: orchestra bulk show ${bulk}`]
}

async function showCommand(session: Session, bulk: number): Promise<Ending> {
  const view = await session.run(bulkShow, { bulk })
  session.terminal.tell(view, ...viewLines(view))
  const { waiting, refused, failed } = view.counts
  return waiting + refused + failed === 0 ? 'done' : 'unfinished'
}

function viewLines({ id, action, by, state, reason, counts, createdAt }: BulkView): string[] {
  const { waiting, done, refused, failed } = counts
  const why = reason === null ? '' : ` (${reason})`
  return [
    `bulk ${id}: ${action} by ${oneLine(by)}, asked ${age(createdAt)} ago, ${state}${why}`,
    `  ${done} done, ${failed} failed, ${refused} refused, ${waiting} not begun`,
  ]
}

async function itemsCommand(
  session: Session,
  bulk: number,
  options: { state?: BulkItem['state']; limit: number; after?: number },
): Promise<Ending> {
  const found = await session.run(bulkItems, { bulk, ...options })
  session.terminal.tell(found, ...table(columns, found, session.terminal.width))
  return 'done'
}

const columns: Column<BulkItem>[] = [
  { title: 'NUMBER', value: ({ number }) => number, align: 'right' },
  { title: 'ITEM', value: ({ item }) => item },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'WHY', value: ({ detail }) => whyOf(detail) },
]

/** What was done says no more in a line than that it was. */
function whyOf(detail: unknown): string | null {
  const { code, message } = (detail ?? {}) as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? `${code}: ${String(message)}` : null
}

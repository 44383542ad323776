import { type Command, InvalidArgumentError } from 'commander'
import type { Agreement, News, TrashQuestion, TrashView } from '../operate/index.ts'
import { trashEmpty, trashList, trashRestore } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import { askYes } from './consent.ts'
import { showNews } from './news.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addTrashCommands(program: Command, act: Act): void {
  const trash = withExamples(
    program.command('trash').description('What was removed from servers and is kept for a while'),
    'trash list',
  )
  const list = trash
    .command('list')
    .description('What the trash of servers holds, oldest first')
    .option('--server <name>', 'Of this server only')
    .option('--backend <name>', 'Of this backend only')
    .action(act(listCommand))
  withExamples(list, 'trash list', 'trash list --server web1 --backend unix-user')
  const restore = trash
    .command('restore <server> <id>')
    .description('Put something back where it was')
    .action(act(restoreCommand))
  withExamples(restore, 'trash restore web1 20260412T031700Z-8c2f41d0-1')
  const empty = trash
    .command('empty')
    .description('Remove for good what is in the trash')
    .option('--server <name>', 'Of this server only')
    .option('--older-than <age>', 'Only what is older, such as 30d or 12h', seconds)
    .option('--yes', 'Do not ask')
    .action(act(emptyCommand))
  withExamples(empty, 'trash empty --older-than 30d', 'trash empty --server web1 --yes')
}

/** Reads `30d`, `12h`, `15min` or `90s`. */
function seconds(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})(d|h|min|s)$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('It must be an age such as 30d, 12h, 15min or 90s.')
  return Number(count) * ({ d: 86_400, h: 3_600, min: 60, s: 1 }[unit] ?? 1)
}

async function listCommand(
  session: Session,
  options: { server?: string; backend?: string },
): Promise<Ending> {
  const { terminal } = session
  const silent = new Silent(session)
  const entries = await session.run(trashList, options, silent)
  terminal.tell(entries, ...table(entryColumns, entries, terminal.width))
  if (entries.length === 0) terminal.note('the trash is empty')
  return silent.ending
}

/** Names servers, or users there, that gave no answer. */
class Silent {
  readonly #session: Session
  ending: Ending = 'done'

  constructor(session: Session) {
    this.#session = session
  }

  readonly onNews = (news: News): void => {
    if (news.kind === 'unanswered') this.ending = 'unfinished'
    showNews(this.#session.terminal, news)
  }
}

const entryColumns: Column<TrashView>[] = [
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'ID', value: ({ id }) => id },
  { title: 'AGE', value: ({ since }) => age(since), align: 'right' },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'BY', value: ({ label }) => label },
  { title: 'PATH', value: ({ path }) => path },
  { title: 'NOTE', value: ({ note }) => note || null },
]

async function restoreCommand(session: Session, server: string, id: string): Promise<Ending> {
  const entry = await session.run(trashRestore, { server, id })
  session.terminal.tell(entry, `${entry.path} is back on ${server}`)
  return 'done'
}

async function emptyCommand(
  session: Session,
  { yes = false, ...options }: { server?: string; olderThan?: number; yes?: boolean },
): Promise<Ending> {
  const silent = new Silent(session)
  const agree = async (question: TrashQuestion): Promise<Agreement> =>
    yes ? 'given' : askYes(session, lossText(question))
  const emptied = await session.run(trashEmpty, options, { agree, onNews: silent.onNews })
  session.terminal.tell(
    emptied,
    ...emptied.map(({ server, removed }) => `${server}: ${removed.length} removed for good`),
  )
  return silent.ending
}

function lossText({ server, olderThan }: TrashQuestion): string {
  const what =
    olderThan === 0 ? 'Everything in the trash' : `What has been in the trash for ${olderThan} seconds`
  return `${what} of ${server ?? 'all servers'} is lost for good. Go on?`
}

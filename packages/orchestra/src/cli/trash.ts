import { type Command, InvalidArgumentError } from 'commander'
import { messageOf } from '../errors.ts'
import { createMethods } from '../methods/index.ts'
import { audit, getServer, listServers, type ServerRow } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { checkSelector } from '../sync/index.ts'
import { emptyTrash, listTrash, restoreTrash, type TrashContext, type TrashEntry } from '../trash/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import { NotAgreed } from './consent.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

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

/** An entry as programs are shown it. */
type EntryView = Omit<TrashEntry, 'time'> & { server: string; since: string }

async function listCommand(
  session: Session,
  options: { server?: string; backend?: string },
): Promise<Ending> {
  const { terminal } = session
  const answers = await askServers(session, options.server, listTrash)
  const entries = answers
    .flatMap(({ server, value }) => value.map((entry) => toView(server, entry)))
    .filter(({ backend }) => options.backend === undefined || backend === options.backend)
  // A backend that the configuration has no more may still have something in the trash.
  if (entries.length === 0) checkSelector((await session.config()).config, options)
  terminal.tell(entries, ...table(entryColumns, entries, terminal.width))
  if (entries.length === 0) terminal.note('the trash is empty')
  return endingOf(answers)
}

function toView(server: ServerRow, { time, ...entry }: TrashEntry): EntryView {
  return { server: server.name, ...entry, since: new Date(time * 1_000).toISOString() }
}

const entryColumns: Column<EntryView>[] = [
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'ID', value: ({ id }) => id },
  { title: 'AGE', value: ({ since }) => age(since), align: 'right' },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'BY', value: ({ label }) => label },
  { title: 'PATH', value: ({ path }) => path },
  { title: 'NOTE', value: ({ note }) => note || null },
]

async function restoreCommand(session: Session, name: string, id: string): Promise<Ending> {
  const store = await session.store()
  const server = await getServer(store, name)
  const entry = await inTrash(session, (context) => restoreTrash(context, server, id))
  await audit(store, {
    by: session.by,
    action: 'trash.restore',
    target: name,
    detail: { id, path: entry.path },
  })
  session.terminal.tell(toView(server, entry), `${entry.path} is back on ${name}`)
  return 'done'
}

async function emptyCommand(
  session: Session,
  options: { server?: string; olderThan?: number; yes?: boolean },
): Promise<Ending> {
  const olderThan = options.olderThan ?? 0
  if (options.server !== undefined) await getServer(await session.store(), options.server)
  if (options.yes !== true) await confirm(session, options.server, olderThan)
  const answers = await askServers(session, options.server, (context, server) =>
    emptyTrash(context, server, olderThan),
  )
  const removed = answers.map(({ server, value }) => ({ server: server.name, removed: value }))
  const store = await session.store()
  await recordRemoved(store, session.by, removed)
  session.terminal.tell(
    removed,
    ...removed.map((one) => `${one.server}: ${one.removed.length} removed for good`),
  )
  return endingOf(answers)
}

async function confirm({ terminal }: Session, server: string | undefined, olderThan: number): Promise<void> {
  const what =
    olderThan === 0 ? 'Everything in the trash' : `What has been in the trash for ${olderThan} seconds`
  const question = `${what} of ${server ?? 'all servers'} is lost for good. Go on? [y/N]`
  if (terminal.isInteractive && /^y(es)?$/i.test(await terminal.ask(question))) return
  throw new NotAgreed('Nothing was removed from the trash', 'Give --yes when that is what you want')
}

async function recordRemoved(
  store: Store,
  by: string,
  servers: readonly { server: string; removed: readonly string[] }[],
): Promise<void> {
  for (const { server, removed } of servers) {
    if (removed.length === 0) continue
    const detail = { count: removed.length, ids: removed.slice(0, 100) }
    await audit(store, { by, action: 'trash.empty', target: server, detail })
  }
}

interface TrashAnswer<Value> {
  server: ServerRow
  value: Value[]
  /** For all its users. */
  isReached: boolean
}

/** Asks servers side by side. One that does not answer, even for one user alone, is named and keeps the others from nothing. */
async function askServers<Value>(
  session: Session,
  name: string | undefined,
  ask: (context: TrashContext, server: ServerRow) => Promise<Value[]>,
): Promise<TrashAnswer<Value>[]> {
  const store = await session.store()
  const all = name === undefined ? await listServers(store) : [await getServer(store, name)]
  const servers = all.filter((server) => server.method !== 'function')
  return inTrash(session, (context) =>
    Promise.all(
      servers.map(async (server) => {
        let isReached = true
        const onError = (error: unknown) => {
          isReached = false
          session.terminal.note(oneLine(messageOf(error)))
        }
        const value = await ask({ ...context, onError }, server)
        return { server, value, isReached }
      }),
    ),
  )
}

function endingOf(answers: readonly TrashAnswer<unknown>[]): Ending {
  return answers.every(({ isReached }) => isReached) ? 'done' : 'unfinished'
}

async function inTrash<Value>(
  session: Session,
  work: (context: TrashContext) => Promise<Value>,
): Promise<Value> {
  const { config } = await session.config()
  const methods = createMethods({ environment: session.environment })
  try {
    return await work({ config, methods })
  } finally {
    await methods.close()
  }
}

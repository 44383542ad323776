import type { Command } from 'commander'
import { isUsed, removeServer, type ServerUse, useOf, useText } from '../fleet/index.ts'
import { getServer } from '../server/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

interface RemoveOptions {
  force?: boolean
  yes?: boolean
  dryRun?: boolean
}

export function addRemoveServerCommand(server: Command, act: Act): void {
  const remove = server
    .command('remove <server>')
    .description('Forget a server, with what is known of it; what stands on it stays there')
    .option('--force', 'Even when it has routes, work or placed objects')
    .option('--yes', 'The same')
    .option('--dry-run', 'Show only what it has')
    .action(act(removeCommand))
  withExamples(remove, 'server remove web1 --dry-run', 'server remove web1', 'server remove web1 --force')
}

async function removeCommand(session: Session, name: string, options: RemoveOptions): Promise<Ending> {
  const { terminal } = session
  const store = await session.store()
  const { id } = await getServer(store, name)
  const use = await useOf(store, id)
  if (options.dryRun === true) {
    terminal.tell(
      { server: name, removed: null, use },
      `${name} has ${oneLine(useText(use))}`,
      ...giveUpLines(use),
    )
    return 'done'
  }
  const force = options.force === true || options.yes === true || (await isAgreed(session, name, use))
  const removal = await removeServer(store, name, { by: session.by, force })
  const { routes, operations, placements } = removal
  const left = isUsed(use)
    ? `, with ${routes} routes, ${operations} operations and ${placements} placed objects`
    : ''
  terminal.tell({ server: name, removed: removal, use }, `${name} is removed${left}`)
  return 'done'
}

function giveUpLines(use: ServerUse): string[] {
  return isUsed(use)
    ? ['nothing is sent to it: what stands there stays, and Orchestra knows nothing of it any more']
    : []
}

/** Who cannot be asked is refused by the registry. */
async function isAgreed({ terminal }: Session, name: string, use: ServerUse): Promise<boolean> {
  if (!isUsed(use) || !terminal.isInteractive) return false
  terminal.line(`${name} has ${oneLine(useText(use))}`)
  for (const line of giveUpLines(use)) terminal.line(line)
  return /^y(es)?$/i.test(await terminal.ask('Remove it all the same? [y/N]'))
}

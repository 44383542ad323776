import type { Command } from 'commander'
import type { ServerUse } from '../fleet/index.ts'
import { isUsed, serverRemove, useText } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import { askYes } from './consent.ts'
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

async function removeCommand(
  session: Session,
  name: string,
  { force = false, yes = false, dryRun = false }: RemoveOptions,
): Promise<Ending> {
  const answer = await session.run(
    serverRemove,
    { server: name, force: force || yes, dryRun },
    { agree: ({ use }) => askYes(session, 'Remove it all the same?', useLines(name, use)) },
  )
  const { removed, use } = answer
  session.terminal.tell(answer, ...(removed === null ? useLines(name, use) : [removedLine(answer)]))
  return 'done'
}

function useLines(name: string, use: ServerUse): string[] {
  return [
    `${name} has ${oneLine(useText(use))}`,
    ...(isUsed(use)
      ? ['nothing is sent to it: what stands there stays, and Orchestra knows nothing of it any more']
      : []),
  ]
}

function removedLine({ server, removed, use }: Awaited<ReturnType<typeof serverRemove.run>>): string {
  if (removed === null || !isUsed(use)) return `${server} is removed`
  const { routes, operations, placements } = removed
  return `${server} is removed, with ${routes} routes, ${operations} operations and ${placements} placed objects`
}

import type { Command } from 'commander'
import { type Agreement, storeUninstall } from '../operate/index.ts'
import type { Installed, Uninstalled } from '../removal/index.ts'
import { type Act, withExamples } from './command.ts'
import { askYes } from './consent.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

interface UninstallOptions {
  yes?: boolean
  force?: boolean
}

export function addUninstallCommand(program: Command, act: Act): void {
  const command = program
    .command('uninstall')
    .description(
      "Remove triggers, functions and Orchestra's schemas from the database; servers stay as they are",
    )
    .option('--yes', 'Do not ask')
    .option('--force', 'Even while workers run')
    .action(act(uninstallCommand))
  withExamples(command, 'uninstall', 'uninstall --yes')
}

async function uninstallCommand(session: Session, { yes = false, force }: UninstallOptions): Promise<Ending> {
  const { terminal } = session
  const agree = async (installed: Installed): Promise<Agreement> => {
    if (!terminal.json) for (const line of installedLines(installed)) terminal.line(line)
    return yes ? 'given' : askYes(session, 'Go on?')
  }
  const done = await session.runAlone(storeUninstall, { force }, { agree })
  terminal.tell(done, ...doneLines(done))
  return done.left.some((line) => !line.startsWith('drop role')) ? 'unfinished' : 'done'
}

function installedLines({ schemas, triggers, ...lost }: Installed): string[] {
  const { servers, routes, placements, logs, open } = lost
  if (schemas.length === 0) return ['Orchestra is not installed in this database']
  return [
    `To be removed: ${triggers.length} triggers with their functions, ${schemas.map((name) => `schema ${name}`).join(' and ')}`,
    `Lost with them: ${servers} servers, ${routes} routes, ${placements} placements, ${logs} logs, ${open} operations that wait or run`,
    'Nothing is sent to any server: what stands there stays. The directory .orchestra with the key stays too.',
  ]
}

function doneLines({ removed, left }: Uninstalled): string[] {
  return [
    removed.length === 0 ? 'nothing was removed' : `removed: ${oneLine(removed.join(', '))}`,
    ...(left.length === 0
      ? []
      : ['What is left, and who has to run it:', ...left.map((line) => `  ${line}`)]),
  ]
}

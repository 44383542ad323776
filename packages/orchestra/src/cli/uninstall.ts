import type { Command } from 'commander'
import { storeOptions } from '../config/load.ts'
import { NotAgreed } from '../operate/index.ts'
import { type Installed, readInstalled, type Uninstalled, uninstall } from '../removal/index.ts'
import { openStore, type Store } from '../store/index.ts'
import { type Act, withExamples } from './command.ts'
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

/** Whatever version stands there, even half of it. */
async function uninstallCommand(session: Session, options: UninstallOptions): Promise<Ending> {
  const store = await openStore(storeOptions(await session.config(), session.environment))
  try {
    return await leave(session, store, options)
  } finally {
    await store.close()
  }
}

async function leave(session: Session, store: Store, { yes, force }: UninstallOptions): Promise<Ending> {
  const { terminal } = session
  const installed = await readInstalled(store)
  if (!terminal.json) for (const line of installedLines(installed)) terminal.line(line)
  if (yes !== true) await confirm(session, installed)
  const done = await uninstall(store, { force })
  terminal.tell({ ...installed, ...done }, ...doneLines(done))
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

async function confirm({ terminal }: Session, { schemas, triggers }: Installed): Promise<void> {
  if (terminal.isInteractive && /^y(es)?$/i.test(await terminal.ask('Go on? [y/N]'))) return
  const what = `${triggers.length} triggers and ${schemas.join(', ') || 'no schema'}`
  throw new NotAgreed(`Nothing was removed; it would be ${what}`, 'Give --yes when that is what you want')
}

function doneLines({ removed, left }: Uninstalled): string[] {
  return [
    removed.length === 0 ? 'nothing was removed' : `removed: ${oneLine(removed.join(', '))}`,
    ...(left.length === 0
      ? []
      : ['What is left, and who has to run it:', ...left.map((line) => `  ${line}`)]),
  ]
}

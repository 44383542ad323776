import type { Command } from 'commander'
import { syncCancel } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addSyncCancelCommand(sync: Command, act: Act): void {
  const cancelling = sync
    .command('cancel')
    .description('End a synchronization or a check where it is; what it recorded already is done')
    .argument('<number>', 'As `orchestra status` shows it', wholeNumber(1))
    .action(act(syncCancelCommand))
  withExamples(cancelling, 'sync cancel 12')
}

async function syncCancelCommand(session: Session, id: number): Promise<Ending> {
  const ended = await session.run(syncCancel, { id })
  session.terminal.tell(
    ended,
    ended.wasOpen
      ? `synchronization ${id} is cancelled`
      : `synchronization ${id} has ended already: ${ended.state}`,
  )
  return 'done'
}

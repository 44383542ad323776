import type { Command } from 'commander'
import { cancelSync, syncStatus } from '../sync/index.ts'
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
  const store = await session.store()
  await syncStatus(store, id)
  const cancelled = await cancelSync(store, id, session.by)
  const { state } = await syncStatus(store, id)
  session.terminal.tell(
    { id, cancelled, state },
    cancelled ? `synchronization ${id} is cancelled` : `synchronization ${id} has ended already: ${state}`,
  )
  return 'done'
}

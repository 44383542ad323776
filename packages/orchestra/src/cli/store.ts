import type { Command } from 'commander'
import { storeUrl } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addStoreCommands(program: Command, act: Act): void {
  const store = withExamples(
    program.command('store').description('The database that Orchestra lives in'),
    'store url',
  )
  const url = store
    .command('url')
    .description('Print the URL of the embedded database, for psql and applications')
    .option('--tcp', 'The one of the port that `up --port` offers; it holds the password')
    .action(act(urlCommand))
  withExamples(url, 'store url', 'store url --tcp')
}

async function urlCommand(session: Session, options: { tcp?: boolean }): Promise<Ending> {
  const answer = await session.runAlone(storeUrl, options)
  session.terminal.tell(answer, answer.url)
  return 'done'
}

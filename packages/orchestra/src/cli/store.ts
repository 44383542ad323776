import type { Command } from 'commander'
import { storeOptions } from '../config/load.ts'
import { OrchestraError } from '../errors.ts'
import { embeddedUrls, withoutPassword } from '../store/index.ts'
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

async function urlCommand(session: Session, { tcp = false }: { tcp?: boolean }): Promise<Ending> {
  const { databaseUrl, directory = '.orchestra' } = storeOptions(await session.config(), session.environment)
  const url = databaseUrl ? withoutPassword(databaseUrl) : await embeddedUrl(directory, tcp)
  session.terminal.tell({ url }, url)
  return 'done'
}

async function embeddedUrl(directory: string, tcp: boolean): Promise<string> {
  const urls = await embeddedUrls(directory)
  const url = tcp ? urls.tcp : urls.socket
  if (url !== null) return url
  const what = tcp ? 'offers the embedded database on a port' : 'has the embedded database open'
  throw new OrchestraError('ORC_STORE_UNREACHABLE', `No process ${what}: ${directory}`, {
    hint: tcp ? 'Start `orchestra up --port PORT`' : 'Start `orchestra up`, or the application',
  })
}

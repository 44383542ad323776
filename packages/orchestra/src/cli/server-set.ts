import { type Command, Option } from 'commander'
import type { ServerSet } from '../operate/index.ts'
import { serverSet } from '../operate/index.ts'
import type { ServerRow } from '../server/index.ts'
import { type Act, portNumber, severalTimes, withExamples } from './command.ts'
import { ReroutingConsent } from './rerouting.ts'
import type { Ending, Session } from './session.ts'

interface SetOptions {
  host?: string
  port?: number
  user?: string
  method?: ServerRow['method']
  identityFile?: string | false
  sudo?: boolean
  directory?: string | false
  tag?: string[]
  untag?: string[]
  offline?: boolean
  dryRun?: boolean
  yes?: boolean
}

export function addSetServerCommand(server: Command, act: Act): void {
  const set = server
    .command('set <server>')
    .description(
      'Change how a server is reached, or its tags; its approved host key stays the only one that is accepted',
    )
    .option('--host <host>', 'Name or address')
    .option('--port <port>', 'Port of its SSH server', portNumber)
    .option('--user <login>', 'Login')
    .addOption(
      new Option('--method <method>', 'How it is reached').choices(['ssh', 'openssh', 'local', 'function']),
    )
    .option('--identity-file <path>', 'Private key to log in with')
    .option('--no-identity-file', 'Log in with the ssh-agent')
    .option('--sudo', 'Run scripts with sudo')
    .option('--no-sudo', 'Run scripts as the login itself')
    .option('--directory <path>', 'Directory there that scripts start in and keep their state below')
    .option('--no-directory', "Start in the login's home")
    .option(
      '--tag <tag>',
      'Give it this tag; several times. Shows what goes where then, and asks',
      severalTimes,
    )
    .option('--untag <tag>', 'Take this tag from it; several times', severalTimes)
    .option('--offline', 'Do not ask it for its host key')
    .option('--dry-run', 'Show only what would go where')
    .option('--yes', 'Do not ask')
    .action(act(setCommand))
  withExamples(
    set,
    'server set web1 --host 203.0.113.9',
    'server set web1 --user deploy --identity-file ~/.ssh/orchestra',
    'server set web1 --tag web --tag eu',
    'server set web1 --untag eu --dry-run',
  )
}

async function setCommand(session: Session, server: string, options: SetOptions): Promise<Ending> {
  const { yes = false, ...given } = options
  const consent = new ReroutingConsent(session, yes)
  const set = await session.run(serverSet, { server, ...toChange(given) }, consent)
  if (set.preview !== null) consent.show({ preview: set.preview, trial: null })
  session.terminal.tell(set, ...setLines(set))
  if (!set.changed) return options.dryRun === true ? 'done' : 'unfinished'
  return set.moved && !isUsable(set) ? 'unfinished' : 'done'
}

/** `--no-identity-file` takes away what there is. */
function toChange({ identityFile, directory, ...rest }: Omit<SetOptions, 'yes'>) {
  return {
    ...rest,
    ...(identityFile === undefined ? {} : { identityFile: identityFile === false ? null : identityFile }),
    ...(directory === undefined ? {} : { directory: directory === false ? null : directory }),
  }
}

function isUsable({ server: { key } }: ServerSet): boolean {
  return key === 'not needed' || key === 'approved'
}

function setLines(set: ServerSet): string[] {
  const { name } = set.server
  if (!set.changed) return [`server ${name} stays as it is`]
  return [`server ${name} is set`, ...(set.moved ? movedLines(set) : [])]
}

function movedLines({ server: { name, key }, asked }: ServerSet): string[] {
  const look = `what was placed there is compared with what it has: orchestra sync --server ${name}`
  if (key === 'not needed') return [look]
  switch (asked ? key : 'not seen') {
    case 'approved':
      return ['it presents the host key that is approved', look]
    case 'changed':
      return [
        `another host key than the approved one answers there, so nothing is sent: orchestra server approve ${name}`,
      ]
    case 'not approved':
      return [`its host key is not approved, so nothing is sent: orchestra server approve ${name}`]
    default:
      return [
        `it was not asked for its host key; only the approved one is accepted: orchestra server check ${name}`,
        look,
      ]
  }
}

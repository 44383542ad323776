import { type Command, Option } from 'commander'
import { suggestion } from '../config/similar.ts'
import { OrchestraError } from '../errors.ts'
import { backendsByTag, changedServer, type ServerChange, setServer } from '../fleet/index.ts'
import { fetchHostKey } from '../methods/index.ts'
import type { Rerouting } from '../plan/index.ts'
import { getServer, recordPresentedKey, type ServerRow, toTarget } from '../server/index.ts'
import { type Act, portNumber, severalTimes, withExamples } from './command.ts'
import { nothingToChange } from './failure.ts'
import { allowedBy, decideOn, previewRoutes } from './rerouting.ts'
import { hasHostKey, keyState, patience } from './server-facts.ts'
import { toView } from './server-view.ts'
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

async function setCommand(session: Session, name: string, options: SetOptions): Promise<Ending> {
  const { offline, dryRun = false, yes = false, ...given } = options
  if (Object.keys(given).length === 0) throw nothingToChange('server set web1 --host 203.0.113.9')
  const change = toChange(given)
  const store = await session.store()
  const before = await getServer(store, name)
  checkUntagged(before, given)
  const wanted = { ...before, ...toRow(changedServer(before, change)) }
  const preview = await previewTags(session, before, wanted)
  const decision =
    preview === null ? (dryRun ? 'dry-run' : 'go') : await decideOn(session, preview, { yes, dryRun })
  if (decision !== 'go') {
    session.terminal.tell(
      { server: toView(before), changed: false, preview },
      `server ${name} stays as it is`,
    )
    return decision === 'refused' ? 'unfinished' : 'done'
  }
  const asks = isMoved(before, wanted) && hasHostKey(wanted.method) && offline !== true
  const key = asks ? await fetchHostKey({ ...toTarget(wanted), hostKey: null }, patience.connect) : undefined
  await setServer(store, name, { ...change, by: session.by, ...(preview === null ? {} : allowedBy(preview)) })
  if (key !== undefined) await recordPresentedKey(store, before.id, key.key)
  const facts = { moved: isMoved(before, wanted), asked: key !== undefined, preview }
  return tellSet(session, await getServer(store, name), facts)
}

/** A tag to be taken away that is not there is a typo. One that is given and taken at once has been thought of. */
function checkUntagged({ name, tags }: ServerRow, { tag = [], untag = [] }: SetOptions): void {
  const missing = untag.find((one) => ![...tags, ...tag].includes(one))
  if (missing === undefined) return
  const has = tags.length === 0 ? 'It has no tags' : `It has ${tags.join(', ')}`
  throw new OrchestraError('ORC_SERVER_INVALID', `Server ${name} has no tag ${JSON.stringify(missing)}`, {
    hint: suggestion(missing, tags, has),
  })
}

function toChange({
  identityFile,
  directory,
  ...rest
}: Omit<SetOptions, 'offline' | 'dryRun' | 'yes'>): ServerChange {
  return {
    ...rest,
    ...(identityFile === undefined ? {} : { identityFile: identityFile === false ? null : identityFile }),
    ...(directory === undefined ? {} : { directory: directory === false ? null : directory }),
  }
}

/** A server that was only checked, as a row has it. */
function toRow({ user, identityFile, tags, ...same }: ReturnType<typeof changedServer>): Partial<ServerRow> {
  return { ...same, login: user, identity_file: identityFile, tags: [...tags] }
}

function isMoved(before: ServerRow, after: ServerRow): boolean {
  return before.method !== after.method || before.host !== after.host || before.port !== after.port
}

/** What other tags would do; null where they stay as they are. */
async function previewTags(session: Session, before: ServerRow, after: ServerRow): Promise<Rerouting | null> {
  if (before.tags.join(' ') === after.tags.join(' ')) return null
  const backends = await backendsByTag(await session.store())
  return previewRoutes(session, backends, ({ routes, servers }) => ({
    routes,
    servers: servers.map((one) => (one.id === before.id ? { ...one, tags: after.tags } : one)),
  }))
}

function tellSet(
  { terminal }: Session,
  row: ServerRow,
  { moved, asked, preview }: { moved: boolean; asked: boolean; preview: Rerouting | null },
): Ending {
  const state = keyState(row.host_key, row.presented_key)
  const isUsable = !hasHostKey(row.method) || state === 'approved'
  terminal.tell(
    { server: toView(row), changed: true, preview },
    `server ${row.name} is set`,
    ...(moved ? movedLines(row, asked ? state : 'not seen') : []),
  )
  return moved && !isUsable ? 'unfinished' : 'done'
}

function movedLines(row: ServerRow, state: ReturnType<typeof keyState>): string[] {
  const { name } = row
  const look = `what was placed there is compared with what it has: orchestra sync --server ${name}`
  if (!hasHostKey(row.method)) return [look]
  switch (state) {
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

import { OrchestraError } from '../errors.ts'
import { addServer } from '../fleet/index.ts'
import { fetchHostKey, type HostKey } from '../methods/index.ts'
import {
  approveKey,
  recordPresentedKey,
  type ServerOptions,
  type ServerRow,
  toTarget,
} from '../server/index.ts'
import { newServer } from '../server/server.ts'
import { hasHostKey, patience } from './server-facts.ts'
import type { Ending, Session } from './session.ts'

export interface AddOptions {
  host?: string
  port?: number
  user?: string
  method?: ServerOptions['method']
  identityFile?: string
  sudo?: boolean
  directory?: string
  tag?: string[]
  acceptKey?: string
  offline?: boolean
}

/** Registers a server once it has shown its host key; what is wrong is told before anything is written. */
export async function addServerCommand(session: Session, name: string, options: AddOptions): Promise<Ending> {
  const { acceptKey, offline, tag = [], ...given } = options
  const server: ServerOptions = { name, ...given, tags: tag }
  const target = { ...newServer(server), hostKey: null }
  const store = await session.store()
  const asks = hasHostKey(target.method) && offline !== true
  const key = asks ? await fetchHostKey(target, patience.connect) : undefined
  if (acceptKey !== undefined) assertAccepted(name, acceptKey, key)
  const row = await addServer(store, { ...server, by: session.by })
  if (key !== undefined) await recordPresentedKey(store, row.id, key.key)
  const approved = key === undefined ? undefined : await approveIfWanted(session, row, key, acceptKey)
  return tellAdded(session, row, key, approved !== undefined || !hasHostKey(row.method))
}

function assertAccepted(name: string, accepted: string, key: HostKey | undefined): void {
  if (key?.fingerprint === accepted) return
  const presented = key === undefined ? 'was not asked for its key' : `presents ${key.fingerprint}`
  throw new OrchestraError(
    'ORC_HOST_KEY_UNKNOWN',
    `Server ${name} ${presented}, not ${accepted}; it is not registered`,
    {
      hint: 'Compare with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the server itself',
    },
  )
}

async function approveIfWanted(
  session: Session,
  { name }: ServerRow,
  key: HostKey,
  acceptKey: string | undefined,
): Promise<ServerRow | undefined> {
  const wanted =
    acceptKey !== undefined || (session.terminal.isInteractive && (await askApproval(session, name, key)))
  return wanted ? approveKey(await session.store(), name, key.fingerprint, { by: session.by }) : undefined
}

async function askApproval({ terminal }: Session, name: string, key: HostKey): Promise<boolean> {
  terminal.line(`${name} presents the host key ${key.fingerprint}`)
  return /^y(es)?$/i.test(await terminal.ask('Is that its key? [y/N]'))
}

function tellAdded(
  { terminal }: Session,
  row: ServerRow,
  key: HostKey | undefined,
  isUsable: boolean,
): Ending {
  if (terminal.json) {
    terminal.document({ server: toTarget(row), presented: key ?? null, approved: isUsable })
    return isUsable ? 'done' : 'unfinished'
  }
  terminal.line(`server ${row.name} is registered`)
  if (isUsable) return 'done'
  if (key === undefined) terminal.line(`its host key is not known yet: orchestra server check ${row.name}`)
  else {
    terminal.line(
      `it presents the host key ${key.fingerprint}, which nobody has approved: nothing is sent to it`,
    )
    terminal.line(`if that is its key: orchestra server approve ${row.name} ${key.fingerprint}`)
  }
  return 'unfinished'
}

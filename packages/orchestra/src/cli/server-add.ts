import type { KeyQuestion, ServerAdded } from '../operate/index.ts'
import { serverAdd } from '../operate/index.ts'
import type { ServerOptions } from '../server/index.ts'
import { askYes } from './consent.ts'
import type { Ending, Session } from './session.ts'

export interface AddOptions {
  host?: string
  port?: number
  user?: string
  method?: NonNullable<ServerOptions['method']>
  identityFile?: string
  sudo?: boolean
  directory?: string
  tag?: string[]
  acceptKey?: string
  offline?: boolean
}

export async function addServerCommand(
  session: Session,
  name: string,
  { tag = [], ...options }: AddOptions,
): Promise<Ending> {
  const agree = ({ server, key }: KeyQuestion) => {
    const told = `${server} presents the host key ${key.fingerprint}`
    return askYes(session, 'Is that its key?', [told])
  }
  const added = await session.run(serverAdd, { name, ...options, tags: tag }, { agree })
  session.terminal.tell(added, ...addedLines(added))
  return added.approved ? 'done' : 'unfinished'
}

function addedLines({ server: { name }, presented, approved }: ServerAdded): string[] {
  const registered = `server ${name} is registered`
  if (approved) return [registered]
  if (presented === null) return [registered, `its host key is not known yet: orchestra server check ${name}`]
  return [
    registered,
    `it presents the host key ${presented.fingerprint}, which nobody has approved: nothing is sent to it`,
    `if that is its key: orchestra server approve ${name} ${presented.fingerprint}`,
  ]
}

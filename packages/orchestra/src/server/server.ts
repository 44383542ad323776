import { OrchestraError } from '../errors.ts'
import { type Address, parseAddress } from '../methods/address.ts'
import type { ServerTarget } from '../methods/method.ts'
import type { NamesOf } from '../options.ts'
import { checkTags } from './tags.ts'

/** A row of orchestra.server. */
export interface ServerRow {
  id: number
  name: string
  method: ServerTarget['method']
  host: string
  port: number
  login: string
  sudo: boolean
  identity_file: string | null
  directory: string | null
  /** Routes to tags lead to servers that have them. */
  tags: string[]
  host_key: string | null
  presented_key: string | null
  presented_at: Date | null
  held_at: Date | null
  held_by: string | null
  held_reason: string | null
  /** When the hold ends by itself; null where somebody has to end it. */
  hold_ends: Date | null
  created_at: Date
  removed_at: Date | null
}

export interface ServerOptions {
  name: string
  method?: ServerTarget['method']
  /**
   * Name or address, with a port and a login if you like: `web1`, `root@web1:2222`, `fd00::1`, `[fd00::1]:2222`. Default the
   * server's name. Resolved when it is connected to, not before.
   */
  host?: string
  port?: number
  /** Login; default root. */
  user?: string
  /** Run scripts with `sudo -n`; default for every login but root. */
  sudo?: boolean
  identityFile?: string
  /** Directory that scripts start in and keep their state below. */
  directory?: string
  /** Routes to tags lead to servers that have them. */
  tags?: readonly string[]
}

export const serverNames: NamesOf<ServerOptions> = {
  name: true,
  method: true,
  host: true,
  port: true,
  user: true,
  sudo: true,
  identityFile: true,
  directory: true,
  tags: true,
}

export type NewServer = Required<Omit<ServerOptions, 'identityFile' | 'directory'>> &
  Pick<ServerTarget, 'identityFile' | 'directory'>

const methods: readonly string[] = ['ssh', 'openssh', 'local', 'function'] satisfies ServerTarget['method'][]
const nameForm = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const loginForm = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/
const longestName = 253
const SAID_TWICE = 'Say it once'

/**
 * Fills in the defaults of a new server and checks the form of all it is given.
 * @throws OrchestraError ORC_SERVER_INVALID
 */
export function newServer(options: ServerOptions): NewServer {
  const method = options.method ?? 'ssh'
  const given = addressOf(options)
  const user = options.user ?? given.user ?? 'root'
  const isHere = runsHere(method)
  const server: NewServer = {
    name: options.name,
    method,
    host: given.host ?? (isHere ? 'localhost' : options.name),
    port: options.port ?? given.port ?? (isHere ? 0 : 22),
    user,
    sudo: options.sudo ?? needsSudo(method, user),
    identityFile: options.identityFile ?? null,
    directory: options.directory ?? null,
    tags: checkTags(options.tags ?? []),
  }
  checkForm(server)
  return server
}

/** What the host says of a port and a login has to agree with what else says it. */
function addressOf({ name, host, port, user }: ServerOptions): Partial<Address> {
  if (host === undefined) return {}
  const address = parseAddress(host)
  if (address === null)
    throw invalid(
      name,
      `${JSON.stringify(host)} is not a host`,
      'Write host, host:2222, root@host or [fd00::1]:2222',
    )
  if (port !== undefined && address.port !== null && address.port !== port)
    throw invalid(name, `${JSON.stringify(host)} names another port than ${port}`, SAID_TWICE)
  if (user !== undefined && address.user !== null && address.user !== user)
    throw invalid(name, `${JSON.stringify(host)} names another login than ${user}`, SAID_TWICE)
  return address
}

/** Whether scripts run on the worker's own machine. */
export function runsHere(method: ServerTarget['method']): boolean {
  return method === 'local' || method === 'function'
}

/** Whether scripts run with `sudo` where nobody says it. */
export function needsSudo(method: ServerTarget['method'], user: string): boolean {
  return !runsHere(method) && user !== 'root'
}

function checkForm(server: NewServer): void {
  const { name, host, port, user, directory } = server
  const nameIsGood = nameForm.test(name) && name.length <= longestName
  if (!nameIsGood) throw invalid(name, 'that is not a name', 'Use small letters, digits, hyphens and dots')
  if (!methods.includes(server.method))
    throw invalid(name, `there is no method ${server.method}`, `Use ${methods.join(', ')}`)
  // A host that starts with a hyphen would be an option to the system's ssh.
  if (!/^[^\s-]\S*$/.test(host) || hasControl(host))
    throw invalid(name, `${JSON.stringify(host)} is not a host`, 'Give a name or an address')
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw invalid(name, `${port} is not a port`, 'Use 1 to 65535')
  if (!loginForm.test(user))
    throw invalid(name, `${JSON.stringify(user)} is not a login`, 'Use letters, digits, hyphens, dots and _')
  if (directory !== null && !directory.startsWith('/'))
    throw invalid(name, `the directory ${JSON.stringify(directory)} is not absolute`, 'Begin it with /')
  for (const path of [directory, server.identityFile]) {
    if (path !== null && hasControl(path))
      throw invalid(name, `${JSON.stringify(path)} is not a path`, 'Give one without control characters')
  }
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

function invalid(name: string, what: string, hint: string): OrchestraError {
  return new OrchestraError('ORC_SERVER_INVALID', `Server ${JSON.stringify(name)}: ${what}`, { hint })
}

/** A server as its methods need it. */
export function toTarget(row: ServerRow): ServerTarget {
  return {
    name: row.name,
    method: row.method,
    // Brackets are how older versions kept an address that was given in them.
    host: parseAddress(row.host)?.host ?? row.host,
    port: row.port,
    user: row.login,
    sudo: row.sudo,
    hostKey: row.host_key,
    identityFile: row.identity_file,
    directory: row.directory,
  }
}

import { parseAddress } from '../methods/address.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import { failure } from './failure.ts'
import type { TestHost } from './host.ts'
import { MethodHost } from './method-host.ts'

export interface SshHostOptions {
  /** Name or address, with a port and a login if you like: `root@192.0.2.10:2222`. */
  host: string
  /** What messages call it; default `host`. */
  name?: string
  port?: number
  /** Default root. */
  user?: string
  /** Whether scripts run with `sudo -n`. */
  sudo?: boolean
  /** The key that the host presents, as `ssh-ed25519 AAAA...`; nothing is sent to one with another. */
  hostKey: string
  /** Private key; default the agent's. */
  identityFile?: string
  /**
   * Directories below which files are compared. Default /etc, /home, /opt, /root, /srv and /usr/local. Name as many as the backend
   * may touch, and as few as stay as they are while nobody works.
   */
  watched?: readonly string[]
}

const optionNames: NamesOf<SshHostOptions> = {
  host: true,
  name: true,
  port: true,
  user: true,
  sudo: true,
  hostKey: true,
  identityFile: true,
  watched: true,
}

const usuallyWatched = ['/etc', '/home', '/opt', '/root', '/srv', '/usr/local']

/** A machine by SSH. Use one that nothing depends on: checks save, damage and delete there. */
export function sshHost(options: SshHostOptions): TestHost {
  checkOptions('sshHost()', options, optionNames)
  const { name = options.host, sudo = false, hostKey, identityFile = null } = options
  const address = parseAddress(options.host)
  if (address === null) throw failure(`${JSON.stringify(options.host)} is not a host`)
  const { host } = address
  const port = options.port ?? address.port ?? 22
  const user = options.user ?? address.user ?? 'root'
  const target = {
    name,
    method: 'ssh' as const,
    host,
    port,
    user,
    sudo,
    hostKey,
    identityFile,
    directory: null,
  }
  return new MethodHost(target, options.watched ?? usuallyWatched)
}

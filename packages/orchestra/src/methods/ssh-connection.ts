import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2'
import { messageOf, OrchestraError } from '../errors.ts'
import { formatAddress } from './address.ts'
import type { ConnectFailure, Connection } from './connection-pool.ts'
import { formatHostKey, hostKeyAlgorithms, hostKeyReason, sameHostKey } from './host-key.ts'
import { type Identity, type IdentityEnvironment, loadIdentity } from './identity.ts'
import type { ServerTarget } from './method.ts'
import { Shelf } from './shelf.ts'

const keepAliveInterval = 15_000
const keepAliveCount = 3

/** One connection to a server, with its login done. */
export class SshConnection implements Connection {
  readonly kind = 'connected'
  readonly shelf = new Shelf()
  readonly #client: Client
  #broken: string | null = null

  constructor(client: Client) {
    this.#client = client
    client.on('error', (error) => this.#break(messageOf(error)))
    client.on('close', () => this.#break('the connection was closed'))
  }

  get broken(): string | null {
    return this.#broken
  }

  onBroken(listener: () => void): void {
    this.#client.once('close', listener)
  }

  /** Starts a command in a channel of its own. */
  exec(command: string, has: 'pipes' | 'terminal'): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.#client.exec(command, { pty: has === 'terminal' }, (error, channel) =>
        error ? reject(error) : resolve(channel),
      )
    })
  }

  end(): void {
    this.#client.end()
  }

  destroy(): void {
    this.#break('the connection was dropped')
    this.#client.destroy()
  }

  #break(reason: string): void {
    this.#broken ??= reason
  }
}

/** Connects, checks the host key and logs in, all of it within `timeout` milliseconds. */
export async function connect(
  target: ServerTarget,
  timeout: number,
  environment: IdentityEnvironment,
  signal: AbortSignal,
): Promise<SshConnection | ConnectFailure> {
  try {
    return await handshake(target, timeout, await loadIdentity(target, environment), signal)
  } catch (error) {
    return deniedBy(error)
  }
}

/** What is wrong with our own key, as the end of a job; anything else is thrown on. */
export function deniedBy(error: unknown): ConnectFailure {
  if (!(error instanceof OrchestraError)) throw error
  return { kind: 'denied', reason: `${error.message}. ${error.hint ?? ''}`.trim() }
}

/** The host key a server presents, as `type base64`; null with a reason where it presents none. */
export async function askHostKey(
  target: ServerTarget,
  timeout: number,
): Promise<Extract<ConnectFailure, { kind: 'unreachable' | 'host-key' }>> {
  const nobody: Identity = { kind: 'agent', socket: '' }
  const never = new AbortController().signal
  const answer = await handshake({ ...target, hostKey: null }, timeout, nobody, never)
  if (answer.kind === 'unreachable' || answer.kind === 'host-key') return answer
  throw new OrchestraError('ORC_INTERNAL', `${target.name}: a login began before the host key was approved`)
}

function handshake(
  target: ServerTarget,
  timeout: number,
  identity: Identity,
  signal: AbortSignal,
): Promise<SshConnection | ConnectFailure> {
  return new Promise((resolve) => {
    const client = new ssh2.Client()
    let refusal: KeyRefusal | null = null
    const settle = (answer: SshConnection | ConnectFailure) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      if (answer.kind !== 'connected') client.destroy()
      resolve(answer)
    }
    const giveUp = () => settle(unreachable(target, 'the connection was given up'))
    signal.addEventListener('abort', giveUp, { once: true })
    const timer = setTimeout(() => settle(tooSlow(target, timeout)), timeout)
    client.once('connect', () => client.setNoDelay(true))
    client.once('ready', () => settle(new SshConnection(client)))
    // The listener stays: a connection that is dropped may still report errors, to nobody.
    client.on('error', (error) => settle(connectFailure(target, error, refusal)))
    client.once('close', () =>
      settle(unreachable(target, 'the connection was closed before the login was done')),
    )
    const options: ConnectConfig = {
      ...connectOptions(target, identity),
      hostVerifier: (blob: Buffer) => {
        refusal = refusalOf(target, formatHostKey(blob))
        return refusal === null
      },
    }
    try {
      client.connect(options)
    } catch (error) {
      settle(unreachable(target, messageOf(error)))
    }
  })
}

type KeyRefusal = Extract<ConnectFailure, { kind: 'host-key' | 'unreachable' }>

/** Why a server with this key gets no login; null where the key is the approved one. */
function refusalOf(target: ServerTarget, presented: string | null): KeyRefusal | null {
  if (presented === null) return unreachable(target, 'what it presents as its host key is none')
  if (target.hostKey !== null && sameHostKey(target.hostKey, presented)) return null
  const reason = hostKeyReason(target.name, target.hostKey, presented)
  return { kind: 'host-key', presented, reason }
}

function connectOptions(target: ServerTarget, identity: Identity): ConnectConfig {
  return {
    host: target.host,
    port: target.port,
    username: target.user,
    readyTimeout: 0,
    keepaliveInterval: keepAliveInterval,
    keepaliveCountMax: keepAliveCount,
    algorithms: {
      serverHostKey: hostKeyAlgorithms(target.hostKey) as NonNullable<
        ConnectConfig['algorithms']
      >['serverHostKey'] &
        string[],
    },
    ...(identity.kind === 'agent'
      ? { agent: identity.socket }
      : { privateKey: identity.privateKey, passphrase: identity.passphrase }),
  }
}

const otherMethod = 'the method ssh has no algorithm that this server offers: use the method openssh for it'

/** What a login was tried with, and where that is a key of a machine, that it is none of a person. */
function withWhat({ identityFile }: ServerTarget): string {
  if (identityFile === null) return ' with the keys of the ssh-agent'
  const isHostKey = /(^|\/)ssh_host_\w+_key$/.test(identityFile)
  return ` with the key ${identityFile}${isHostKey ? ", which is the host key of a machine and nobody's login" : ''}`
}

function tooSlow(target: ServerTarget, timeout: number): ConnectFailure {
  return unreachable(target, `no login within ${timeout} ms`)
}

function unreachable(
  target: ServerTarget,
  problem: string,
): Extract<ConnectFailure, { kind: 'unreachable' }> {
  return {
    kind: 'unreachable',
    reason: `${target.name} (${formatAddress(target.host, target.port)}): ${problem}`,
  }
}

function connectFailure(
  target: ServerTarget,
  error: Error & { level?: string },
  refusal: KeyRefusal | null,
): ConnectFailure {
  if (refusal !== null) return refusal
  if (error.level === 'agent')
    return { kind: 'denied', reason: `${target.name}: the ssh-agent does not answer: ${messageOf(error)}` }
  if (error.level === 'client-authentication')
    return {
      kind: 'denied',
      reason: `${target.name}: the login as ${target.user} was refused${withWhat(target)}`,
    }
  if (error.level === 'handshake' && /no matching/.test(messageOf(error)))
    return unreachable(target, `${messageOf(error)}; ${otherMethod}`)
  return unreachable(target, messageOf(error) || 'the connection failed')
}

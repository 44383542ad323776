import type { ChildProcess } from 'node:child_process'
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext, type Connection, type ParsedKey } from 'ssh2'
import { publicKey, storedKey } from './sandbox-keys.ts'
import { endGroup, type SandboxPlace, serveSession } from './sandbox-session.ts'

export interface SandboxOptions {
  /** The directory that the server's scripts call home. */
  directory: string
  /** A loopback port; 0 for any that is free. */
  port: number
  name: string
}

export interface SandboxServer {
  port: number
  /** As `type base64`, to be approved. */
  hostKey: string
  clientKeyPath: string
  stop(): Promise<void>
}

/**
 * A server for people who have none: it speaks SSH on the loopback address, lets in who has the key that lies in
 * its directory, and runs commands as the current user with that directory as home.
 */
export async function startSandboxServer(options: SandboxOptions): Promise<SandboxServer> {
  const keys = join(options.directory, '.sandbox')
  const hostKey = await storedKey(keys, 'host_key')
  const clientKey = await storedKey(keys, 'client_key')
  const place = await sandboxPlace(options)
  const sockets = new Set<Socket>()
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (connection) =>
    serveConnection(connection, clientKey.parsed, place),
  )
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    server.injectSocket(socket)
  })
  return {
    port: await listen(listener, options.port),
    hostKey: publicKey(hostKey),
    clientKeyPath: clientKey.path,
    stop: () => stop(listener, sockets, place.running),
  }
}

/** Just enough environment for a shell; nothing of ours reaches the scripts. */
async function sandboxPlace({ directory, name }: SandboxOptions): Promise<SandboxPlace> {
  await mkdir(directory, { recursive: true })
  const { username } = userInfo()
  const environment = {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: directory,
    USER: username,
    LOGNAME: username,
    SHELL: '/bin/bash',
    ORCHESTRA_STATE: join(directory, '.orchestra-state'),
    ORCHESTRA_SANDBOX: name,
  }
  return { directory, environment, running: new Set<ChildProcess>() }
}

function serveConnection(connection: Connection, clientKey: ParsedKey, place: SandboxPlace): void {
  // A client that goes away without a word is nothing to report.
  connection.on('error', () => {})
  connection.on('authentication', (attempt) => {
    if (isClient(attempt, clientKey)) attempt.accept()
    else attempt.reject(['publickey'])
  })
  connection.on('session', (accept) => serveSession(accept(), place))
}

/** A client first asks whether a key would do, and signs with it only then. */
function isClient(attempt: AuthContext, clientKey: ParsedKey): boolean {
  if (attempt.method !== 'publickey' || !sameBytes(attempt.key.data, clientKey.getPublicSSH())) return false
  if (attempt.signature === undefined || attempt.blob === undefined) return true
  return clientKey.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true
}

function sameBytes(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

async function listen(listener: NetServer, port: number): Promise<number> {
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new TypeError('the listener has no port')
  return address.port
}

async function stop(listener: NetServer, sockets: Set<Socket>, running: Set<ChildProcess>): Promise<void> {
  const closed = once(listener, 'close')
  listener.close()
  const ended = [...running].map((child) => once(child, 'exit'))
  for (const child of running) endGroup(child)
  await Promise.all(ended)
  for (const socket of sockets) socket.destroy()
  await closed
}

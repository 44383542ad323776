import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import type { NamesOf } from '../options.ts'
import { checkUrl } from './connection-failure.ts'
import { openKeyring } from './keyring.ts'
import { type ProcessLock, tryLock } from './lock.ts'
import { PGliteServer } from './pglite-server.ts'
import { portError } from './port.ts'
import { connectStore, type Store } from './store.ts'

export interface StoreOptions {
  /** Postgres to use; without it an embedded database lives in `directory`. */
  databaseUrl?: string | undefined
  /** Where the embedded database, the key file and the state of local commands live; default `.orchestra`. */
  directory?: string
  /** Encryption key; default the key file in `directory`. */
  key?: string | undefined
  /** Loopback port on which an embedded database is offered to psql and other clients too. */
  port?: number | undefined
  /** Largest number of connections. */
  connections?: number
  /** Milliseconds to wait for the process that has an embedded database open, which may be starting; default 20,000. */
  patience?: number
}

export const storeNames: NamesOf<StoreOptions> = {
  databaseUrl: true,
  directory: true,
  key: true,
  port: true,
  connections: true,
  patience: true,
}

/** Path lengths of unix sockets are limited to 107 bytes, `/.s.PGSQL.5432` included. */
const LONGEST_SOCKET_DIRECTORY = 90
const SOCKET_NAME = '.s.PGSQL.5432'
const DEFAULT_PATIENCE = 20_000
const RETRY_DELAY = 50

/**
 * Opens the store. One process alone can have an embedded database open: the first offers it on a socket, every other
 * connects there.
 * @throws OrchestraError ORC_STORE_LOCKED, ORC_STORE_UNREACHABLE, ORC_STORE_URL, ORC_KEY_UNREADABLE
 */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const directory = resolve(options.directory ?? '.orchestra')
  const keyring = openKeyring({ key: options.key, keyFile: join(directory, 'key') })
  const max = options.connections ?? 10
  if (options.databaseUrl !== undefined && options.databaseUrl !== '') {
    const { databaseUrl } = options
    checkUrl(databaseUrl)
    const config = { connectionString: databaseUrl, max, connectionTimeoutMillis: 10_000 }
    return connectStore({ kind: 'postgres', keyring, databaseUrl, config })
  }
  const embedded = await openEmbedded(directory, options)
  const config = { host: embedded.socket, user: 'postgres', database: 'postgres', max }
  const { databaseUrl, onClose } = embedded
  return connectStore({ kind: 'pglite', keyring, databaseUrl, config, onClose })
}

interface Embedded {
  socket: string
  databaseUrl: string
  onClose: () => Promise<void>
}

async function openEmbedded(directory: string, { port, patience }: StoreOptions): Promise<Embedded> {
  makeDirectory(directory)
  const socket = socketDirectory(directory)
  const deadline = Date.now() + (patience ?? DEFAULT_PATIENCE)
  for (;;) {
    const lock = tryLock(join(directory, 'lock'))
    if (lock !== undefined) return ownDatabase(directory, socket, lock, port)
    if (await answers(join(socket, SOCKET_NAME)))
      return { socket, databaseUrl: urlOf(socket), onClose: async () => {} }
    if (Date.now() > deadline) throw lockedError(directory)
    await new Promise((wake) => setTimeout(wake, RETRY_DELAY))
  }
}

async function ownDatabase(
  directory: string,
  socket: string,
  lock: ProcessLock,
  port: number | undefined,
): Promise<Embedded> {
  try {
    const database = await PGlite.create(join(directory, 'db'))
    const server = new PGliteServer(database)
    mkdirSync(socket, { recursive: true, mode: 0o700 })
    chmodSync(socket, 0o700)
    rmSync(join(socket, SOCKET_NAME), { force: true })
    await server.listen({ path: join(socket, SOCKET_NAME) })
    const tcp = port === undefined ? undefined : await listenOn(server, port)
    const databaseUrl = tcp === undefined ? urlOf(socket) : `postgresql://postgres@127.0.0.1:${tcp}/postgres`
    const onClose = async () => {
      await server.close()
      await database.close()
      if (socket !== directory) rmSync(socket, { recursive: true, force: true })
      lock.release()
    }
    return { socket, databaseUrl, onClose }
  } catch (cause) {
    lock.release()
    throw isOrchestraError(cause) ? cause : cannotOpen(directory, cause)
  }
}

async function listenOn(server: PGliteServer, port: number): Promise<number | undefined> {
  try {
    return await server.listen({ port })
  } catch (cause) {
    throw portError(port, cause)
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw cannotOpen(directory, cause)
  }
}

function cannotOpen(directory: string, cause: unknown): OrchestraError {
  return new OrchestraError(
    'ORC_STORE_UNREACHABLE',
    `The embedded database in ${directory} cannot be opened: ${messageOf(cause)}`,
    {
      hint: 'Check the disk and the permissions of the directory, or give a Postgres in DATABASE_URL',
      cause,
    },
  )
}

function socketDirectory(directory: string): string {
  if (Buffer.byteLength(directory) <= LONGEST_SOCKET_DIRECTORY) return directory
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return join(tmpdir(), `orchestra-${userInfo().uid}-${name}`)
}

function urlOf(socket: string): string {
  return `postgresql://postgres@/postgres?host=${encodeURIComponent(socket)}`
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function lockedError(directory: string): OrchestraError {
  return new OrchestraError(
    'ORC_STORE_LOCKED',
    `Another process has the embedded database in ${directory} open and does not answer`,
    {
      hint: `End the process that ${join(directory, 'lock')} names (${holderOf(directory)}), then try again`,
    },
  )
}

function holderOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'lock'), 'utf8')
  } catch {
    return 'it has ended meanwhile'
  }
}

import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { isOrchestraError, OrchestraError } from '../errors.ts'
import type { NamesOf } from '../options.ts'
import { checkUrl } from './connection-failure.ts'
import { embeddedFailure } from './embedded-failure.ts'
import { answers, SOCKET_NAME, socketUrl } from './embedded-urls.ts'
import { openKeyring } from './keyring.ts'
import { type ProcessLock, tryLock } from './lock.ts'
import { PGliteServer } from './pglite-server.ts'
import { portError } from './port.ts'
import {
  findSocketDirectory,
  makeSocketDirectory,
  removeSocketDirectory,
  takeDirectory,
} from './socket-place.ts'
import { connectStore, type Store } from './store.ts'
import { passwordIn, tcpUrl, tcpUrlWithFile, writePasswordFile } from './tcp-password.ts'

export interface StoreOptions {
  /** Postgres to use; without it an embedded database lives in `directory`. */
  databaseUrl?: string | undefined
  /** Where the embedded database, the key file and the state of local commands live; default `.orchestra`. */
  directory?: string
  /** Encryption key; default the key file in `directory`. */
  key?: string | undefined
  /** Opens it without the key, for a process that reads nothing of what is sealed; what needs the key fails there. */
  keyless?: boolean
  /** Loopback port on which an embedded database is offered to psql and other clients too; the file `pgpass` has its password. */
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
  keyless: true,
  port: true,
  connections: true,
  patience: true,
}

const DEFAULT_PATIENCE = 20_000
/** Of Postgres' 128 MB of buffers all are written at the start: a third of the time to open, and memory that one process needs not. */
const START_PARAMETERS = [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB']
const RETRY_DELAY = 50

/**
 * Opens the store. One process alone can have an embedded database open: the first offers it on a socket, every other
 * connects there.
 * @throws OrchestraError ORC_STORE_LOCKED, ORC_STORE_UNREACHABLE, ORC_STORE_EXPOSED, ORC_STORE_URL, ORC_KEY_UNREADABLE
 */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const directory = resolve(options.directory ?? '.orchestra')
  const keyring = openKeyring({ ...options, keyFile: join(directory, 'key') })
  const max = options.connections ?? 10
  if (options.databaseUrl !== undefined && options.databaseUrl !== '') {
    const { databaseUrl } = options
    checkUrl(databaseUrl)
    const config = { connectionString: databaseUrl, max, connectionTimeoutMillis: 10_000 }
    return connectStore({ kind: 'postgres', keyring, databaseUrl, config })
  }
  const embedded = await openEmbedded(directory, options)
  const config = { host: embedded.socket, user: 'postgres', database: 'postgres', max }
  const { socket: _, ...rest } = embedded
  return connectStore({ kind: 'pglite', keyring, config, ...rest })
}

interface Embedded {
  socket: string
  databaseUrl: string
  /** The same for people, without a password. */
  shownUrl?: string
  onClose: () => Promise<void>
}

async function openEmbedded(directory: string, { port, patience }: StoreOptions): Promise<Embedded> {
  makeDirectory(directory)
  const deadline = Date.now() + (patience ?? DEFAULT_PATIENCE)
  for (;;) {
    const lock = tryLock(join(directory, 'lock'))
    if (lock !== undefined) return ownDatabase(directory, lock, port)
    const socket = findSocketDirectory(directory)
    if (socket !== undefined && (await answers({ path: join(socket, SOCKET_NAME) })))
      return { socket, databaseUrl: socketUrl(socket), onClose: async () => {} }
    if (Date.now() > deadline) throw lockedError(directory)
    await new Promise((wake) => setTimeout(wake, RETRY_DELAY))
  }
}

async function ownDatabase(
  directory: string,
  lock: ProcessLock,
  port: number | undefined,
): Promise<Embedded> {
  try {
    const database = await PGlite.create(join(directory, 'db'), { startParams: START_PARAMETERS })
    const server = new PGliteServer(database)
    const socket = makeSocketDirectory(directory)
    rmSync(join(socket, SOCKET_NAME), { force: true })
    await server.listen({ path: join(socket, SOCKET_NAME) })
    const tcp = port === undefined ? undefined : await listenOnPort(directory, server, port)
    const onClose = async () => {
      await server.close()
      await database.close()
      removeSocketDirectory(directory, socket)
      lock.release()
    }
    return { socket, onClose, ...(tcp ?? { databaseUrl: socketUrl(socket) }) }
  } catch (cause) {
    lock.release()
    throw isOrchestraError(cause) ? cause : cannotOpen(directory, cause)
  }
}

/** The socket is its owner's alone; a port is every local user's, so there a password is asked for. */
async function listenOnPort(
  directory: string,
  server: PGliteServer,
  wanted: number,
): Promise<Pick<Embedded, 'databaseUrl' | 'shownUrl'>> {
  const password = passwordIn(directory)
  const port = await server.listen({ port: wanted, password }).catch((cause: unknown) => {
    throw portError(wanted, cause)
  })
  writePasswordFile(directory, port, password)
  return { databaseUrl: tcpUrl({ port, password }), shownUrl: tcpUrlWithFile(directory, port) }
}

function makeDirectory(directory: string): void {
  try {
    takeDirectory(directory)
  } catch (cause) {
    throw cannotOpen(directory, cause)
  }
}

function cannotOpen(directory: string, cause: unknown): OrchestraError {
  if (isOrchestraError(cause, 'ORC_STORE_EXPOSED')) return cause
  return embeddedFailure(directory, cause)
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

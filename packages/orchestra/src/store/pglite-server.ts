import { createServer, type Server, type Socket } from 'node:net'
import type { PGlite } from '@electric-sql/pglite'
import { Arbiter } from './arbiter.ts'
import { Login } from './login.ts'
import { Connection, type SharedSession } from './pglite-connection.ts'
import { type Verifier, verifierOf } from './scram.ts'
import { type Frame, fatal } from './wire.ts'

const IDLE_IN_TRANSACTION = 30_000
/** Clients that have not logged in yet: what is guessed is guessed slowly. */
const MOST_STRANGERS = 16

export interface ServerOptions {
  /** Milliseconds that a client may sit in an open transaction while others wait for the one session; default 30,000. */
  idleInTransaction?: number
}

export interface ListenOptions {
  path?: string
  port?: number
  /** What every client has to say; nothing where only its owner can reach the socket. */
  password?: string
}

/**
 * Offers one PGlite database to any number of Postgres clients: psql, drivers, and Orchestra's own processes. Transactions
 * and prepared statements stay apart, and NOTIFY reaches every client that has sent LISTEN, in this process or another.
 */
export class PGliteServer {
  readonly #shared: SharedSession
  readonly #connections = new Set<Connection>()
  readonly #servers: Server[] = []
  #accepted = 0

  constructor(database: PGlite, options: ServerOptions = {}) {
    this.#shared = {
      database,
      arbiter: new Arbiter(),
      idleInTransaction: options.idleInTransaction ?? IDLE_IN_TRANSACTION,
      notify: (frame) => this.#notify(frame),
    }
  }

  /** Listens on a unix socket or a loopback port; answers the port. */
  async listen(options: ListenOptions): Promise<number> {
    const verifier = options.password === undefined ? undefined : verifierOf(options.password)
    const server = createServer((socket) => this.#accept(socket, verifier))
    this.#servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      const where =
        options.path === undefined ? { port: options.port ?? 0, host: '127.0.0.1' } : { path: options.path }
      server.listen(where, resolve)
    })
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Drops every client; resolves when nobody uses the database any more. */
  async close(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    await Promise.all([...this.#connections].map((connection) => connection.close()))
    await Promise.all(closed)
  }

  #accept(socket: Socket, verifier: Verifier | undefined): void {
    if (verifier !== undefined && this.#strangers >= MOST_STRANGERS) {
      socket.on('error', () => undefined)
      socket.write(fatal('53300', 'too many clients are logging in'))
      socket.destroySoon()
      return
    }
    const login = verifier && new Login(verifier)
    const connection = new Connection(socket, this.#shared, this.#accepted++, login)
    this.#connections.add(connection)
    socket.once('close', () => this.#connections.delete(connection))
  }

  get #strangers(): number {
    return [...this.#connections].filter((connection) => !connection.isLoggedIn).length
  }

  #notify(frame: Frame): void {
    for (const connection of this.#connections) connection.notify(frame)
  }
}

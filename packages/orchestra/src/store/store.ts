import pg from 'pg'
import { connectionFailure, placeOf, withoutPassword } from './connection-failure.ts'
import type { Keyring } from './keyring.ts'
import { LentClient } from './lent-client.ts'
import type { Connection, Queryable } from './queryable.ts'
import { Ringer } from './ringer.ts'

export type { Connection, Queryable, Texts } from './queryable.ts'

/** The database that holds the application's tables and Orchestra's own schema. */
export interface Store extends Connection {
  readonly kind: 'postgres' | 'pglite'
  readonly keyring: Keyring
  /** For libraries that bring their own queries. */
  readonly pool: pg.Pool
  /** Where other clients reach the same database. */
  readonly databaseUrl: string
  /** The same for people: without a password. */
  readonly shownUrl: string
  /**
   * Whoever is stopped or cut off in the middle of it lets go of what it has locked when it has said nothing for as long as a lease.
   */
  transaction<Result>(
    work: (tx: Connection) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>
  /** A connection of its own, for what must not wait until others give one back. */
  aside(): Aside
  /** Sends a notification soon, if the database is there: what it is about is committed. See `ring`. */
  ring(channel: string, payload: string): void
  /** Calls back on every NOTIFY, and once after each (re)connection because notifications may have been missed. */
  listen(channels: readonly string[], onNotify: (channel: string, payload: string) => void): Listener
  close(): Promise<void>
}

export interface TransactionOptions {
  /** What begins it instead, with settings that end with it. */
  opening?: string
  /**
   * `harmless`: what is queried first does nothing that matters where nothing follows, as a lock does not. So it is sent behind the
   * opening at once, and nothing else is before that is known to have begun it.
   */
  first?: 'any' | 'harmless'
}

export interface Aside extends Queryable {
  close(): Promise<void>
}

export interface Listener {
  close(): Promise<void>
}

/**
 * Who locks rows of others and stops between two statements keeps them for as long as the network thinks that it is there, which may be
 * hours. As long as a lease, after which others take over what it was at.
 */
const BEGIN = `begin; set local idle_in_transaction_session_timeout = '10s'`

const INT8 = 20
const RECONNECT_DELAY = 500

/** Numbers of 8 bytes as numbers: ids stay far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
}

export interface ConnectionOptions {
  kind: Store['kind']
  keyring: Keyring
  databaseUrl: string
  shownUrl?: string
  config: pg.PoolConfig
  /** Ends what the store itself started, after its connections. */
  onClose?: () => Promise<void>
}

/** A store over one database; every kind of database is reached by the Postgres protocol. */
export function connectStore(options: ConnectionOptions): Store {
  const config = { ...options.config, types }
  const pool = openPool(config)
  const lend = <Result>(work: (db: Connection, client: LentClient) => Promise<Result>) =>
    onClient(pool, options.kind, work)
  // The embedded database has one session, which nobody else waits for.
  const begin = options.kind === 'postgres' ? BEGIN : 'begin'
  const query: Store['query'] = (text, values) => lend((db) => db.query(text, values))
  const ringer = new Ringer(query)
  return {
    kind: options.kind,
    keyring: options.keyring,
    pool,
    databaseUrl: options.databaseUrl,
    shownUrl: options.shownUrl ?? withoutPassword(options.databaseUrl),
    query,
    texts: (text, values) => lend((db) => db.texts(text, values)),
    transaction: (work, { opening = begin, first = 'any' } = {}) =>
      lend((_, client) => inTransaction(client, work, { opening, first })),
    aside: () => aside(config, options.kind),
    ring: (channel, payload) => ringer.ring(channel, payload),
    listen: (channels, onNotify) => listen(config, channels, onNotify),
    close: async () => {
      await ringer.end()
      await pool.end()
      await options.onClose?.()
    },
  }
}

/** Seconds after which a session ends with the plans that it has: they may have been made for small tables. */
const SESSION_SECONDS = 600

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, maxLifetimeSeconds: SESSION_SECONDS })
  // A connection that breaks fails its query, or is replaced at the next one; without a listener it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** A pool of one replaces its connection when it breaks. */
function aside(config: pg.PoolConfig, kind: Store['kind']): Aside {
  const pool = openPool({ ...config, max: 1 })
  return {
    query: (text, values) => onClient(pool, kind, (db) => db.query(text, values)),
    close: () => pool.end(),
  }
}

/** Lends a connection; what fails on it is explained when its transaction is over, because only then it can be asked. */
async function onClient<Result>(
  pool: pg.Pool,
  kind: Store['kind'],
  work: (db: Connection, client: LentClient) => Promise<Result>,
): Promise<Result> {
  const client = new LentClient(await connect(pool))
  try {
    if (kind === 'postgres') await client.meet()
    return await work(client.connection, client)
  } catch (error) {
    throw await client.explain(error)
  } finally {
    await client.release()
  }
}

async function inTransaction<Result>(
  client: LentClient,
  work: (tx: Connection) => Promise<Result>,
  { opening, first }: Required<TransactionOptions>,
): Promise<Result> {
  const { connection } = client
  try {
    const opened = connection.query(opening)
    if (first === 'any') await opened
    const result = await work(client.opened(opened))
    await connection.query('commit')
    // Where something failed, the commit undid all of it without a word.
    await client.sent()
    return result
  } catch (error) {
    await connection.query('rollback').catch(() => undefined)
    await client.sent()
    throw error
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw connectionFailure(error, placeOf(pool.options))
  }
}

function listen(
  config: pg.ClientConfig,
  channels: readonly string[],
  onNotify: (channel: string, payload: string) => void,
): Listener {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const again = () => {
    client?.end().catch(() => undefined)
    client = undefined
    clearTimeout(timer)
    if (!closed) timer = setTimeout(() => void open(), RECONNECT_DELAY)
  }
  const open = async () => {
    const next = new pg.Client({ ...config, keepAlive: true })
    client = next
    next.on('error', () => client === next && again())
    next.on('end', () => client === next && again())
    next.on('notification', ({ channel, payload }) => {
      // The embedded database's one session hears for all of its clients.
      if (channels.includes(channel)) onNotify(channel, payload ?? '')
    })
    try {
      await next.connect()
      for (const channel of channels) await next.query(`listen "${channel}"`)
    } catch {
      if (client === next) again()
      return
    }
    for (const channel of channels) onNotify(channel, '')
  }
  void open()
  return {
    close: async () => {
      closed = true
      clearTimeout(timer)
      const last = client
      client = undefined
      await last?.end().catch(() => undefined)
    },
  }
}

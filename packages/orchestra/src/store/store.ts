import pg from 'pg'
import { isOrchestraError } from '../errors.ts'
import { connectionFailure, placeOf, unreachable, withoutPassword } from './connection-failure.ts'
import { explain } from './explain.ts'
import type { Keyring } from './keyring.ts'
import { isConnectionError } from './sqlstate.ts'

export interface Queryable {
  /** Runs one statement (or several without values) and answers the rows of the last. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** Rows as Postgres writes them, before a driver makes values of them. */
export interface Texts {
  columns: readonly { name: string; type: number }[]
  rows: readonly (readonly (string | null)[])[]
}

/** What can also answer every value as the text that Postgres wrote, to its last digit. */
export interface Connection extends Queryable {
  texts(text: string, values?: readonly unknown[]): Promise<Texts>
}

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
  /** @param opening what begins it, with settings that end with it */
  transaction<Result>(work: (tx: Connection) => Promise<Result>, opening?: string): Promise<Result>
  /** A connection of its own, for what must not wait until others give one back. */
  aside(): Aside
  /** Calls back on every NOTIFY, and once after each (re)connection because notifications may have been missed. */
  listen(channels: readonly string[], onNotify: (channel: string, payload: string) => void): Listener
  close(): Promise<void>
}

export interface Aside extends Queryable {
  close(): Promise<void>
}

export interface Listener {
  close(): Promise<void>
}

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
  return {
    kind: options.kind,
    keyring: options.keyring,
    pool,
    databaseUrl: options.databaseUrl,
    shownUrl: options.shownUrl ?? withoutPassword(options.databaseUrl),
    query: (text, values) => onClient(pool, (db) => db.query(text, values)),
    texts: (text, values) => onClient(pool, (db) => db.texts(text, values)),
    transaction: (work, opening = 'begin') => onClient(pool, (db) => inTransaction(db, work, opening)),
    aside: () => aside(config),
    listen: (channels, onNotify) => listen(config, channels, onNotify),
    close: async () => {
      await pool.end()
      await options.onClose?.()
    },
  }
}

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config)
  // A connection that breaks fails its query, or is replaced at the next one; without a listener it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** A pool of one replaces its connection when it breaks. */
function aside(config: pg.PoolConfig): Aside {
  const pool = openPool({ ...config, max: 1 })
  return {
    query: (text, values) => onClient(pool, (db) => db.query(text, values)),
    close: () => pool.end(),
  }
}

type Client = Pick<pg.ClientBase, 'query'>

const asTexts: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value }

/** One statement (or several without values) through any client of `pg`; the rows of the last as texts. */
export async function readTexts(
  client: Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<Texts> {
  const found = await client.query<(string | null)[]>({
    text,
    values: [...values],
    types: asTexts,
    rowMode: 'array',
  })
  const last = Array.isArray(found) ? (found.at(-1) as typeof found) : found
  return { columns: last.fields.map(({ name, dataTypeID: type }) => ({ name, type })), rows: last.rows }
}

async function runQuery<Row>(client: Client, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const result = values.length === 0 ? await client.query(text) : await client.query(text, [...values])
  const last = Array.isArray(result) ? result.at(-1) : result
  return last.rows
}

/** Lends a connection; what fails on it is explained when its transaction is over, because only then it can be asked. */
async function onClient<Result>(pool: pg.Pool, work: (db: Connection) => Promise<Result>): Promise<Result> {
  const client = new LentClient(await connect(pool))
  try {
    return await work(client.connection)
  } catch (error) {
    throw await client.explain(error)
  } finally {
    client.release()
  }
}

class LentClient {
  readonly connection: Connection = {
    query: (text, values) => this.#told(text, runQuery(this.#client, text, values)),
    texts: (text, values) => this.#told(text, readTexts(this.#client, text, values)),
  }
  readonly #client: pg.PoolClient
  /** Which statement threw which error. */
  readonly #statements = new Map<unknown, string>()
  #broken: Error | undefined

  constructor(client: pg.PoolClient) {
    this.#client = client
    client.on('error', this.#keep)
  }

  async explain(error: unknown): Promise<unknown> {
    if (this.#broken !== undefined) return error
    const failed = { statement: this.#statements.get(error) ?? '' }
    return explain(error, failed, (text, values) => runQuery(this.#client, text, values))
  }

  release(): void {
    this.#client.off('error', this.#keep)
    this.#client.release(this.#broken)
  }

  /** A connection may break between two queries of the transaction; without a listener that would end the process. */
  readonly #keep = (error: Error) => {
    this.#broken = error
  }

  async #told<Answer>(text: string, asked: Promise<Answer>): Promise<Answer> {
    try {
      return await asked
    } catch (cause) {
      const error = isConnectionError(cause) ? unreachable(cause) : cause
      this.#statements.set(error, text)
      if (text === 'rollback' || isOrchestraError(error, 'ORC_STORE_UNREACHABLE'))
        this.#broken ??= error as Error
      throw error
    }
  }
}

async function inTransaction<Result>(
  db: Connection,
  work: (tx: Connection) => Promise<Result>,
  opening: string,
): Promise<Result> {
  try {
    await db.query(opening)
    const result = await work(db)
    await db.query('commit')
    return result
  } catch (error) {
    await db.query('rollback').catch(() => undefined)
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

import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { endWithUs, launch, runToEnd } from './daemon.ts'
import { type PostgresProgram, postgresProgram } from './postgres-program.ts'
import { premade } from './premade.ts'

export interface PostgresServer {
  /** Makes a database, empty or a copy of the one named, and answers its URL. */
  database(template?: string): Promise<string>
  /** @param keep takes the data away when it has ended, before they are removed */
  stop(keep?: (data: string) => void): Promise<void>
}

export interface PostgresOptions {
  durable?: boolean
  settings?: Readonly<Record<string, string | number>>
  /** Fills its new data directory; default with a cluster that was just initialised. */
  fill?: (data: string) => Promise<void>
}

const password = 'postgres'

/** The same on every machine, whatever language its user speaks and whichever locales it has. */
const initialisation = [
  '--username=postgres',
  '--auth=password',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
]

/**
 * A real Postgres of the npm package's own binaries, on a free loopback port, in a directory of its own; not `durable`, it is fast
 * and loses data when the machine crashes.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const program = postgresProgram()
  const directory = mkdtempSync(join(program.temporary, 'orchestra-postgres-'))
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  try {
    const data = join(directory, 'data')
    mkdirSync(data)
    for (const path of [directory, data]) belongTo(program, path)
    await (options.fill ?? initialised)(data)
    const port = await freePort()
    const fsync = options.durable ? 'on' : 'off'
    const settings = { port, fsync, max_connections: 200, ...options.settings }
    let afterwards = remove
    const stop = await start(program, data, settings, () => afterwards())
    return {
      database: createDatabases(port),
      stop: async (keep) => {
        await goodbyes(port)
        afterwards = () => {
          keep?.(data)
          remove()
        }
        await stop()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

const initialised = (data: string) => premade('postgres-initialised', data, initialise)

async function initialise(data: string): Promise<void> {
  const program = postgresProgram()
  const passwordFile = `${data}-password`
  writeFileSync(passwordFile, password)
  for (const path of [data, passwordFile]) belongTo(program, path)
  const words = [...initialisation, `--pgdata=${data}`, `--pwfile=${passwordFile}`]
  await runToEnd({ program: join(program.bin, 'initdb'), words, directory: data, user: program.user })
  rmSync(passwordFile)
}

function belongTo({ user }: PostgresProgram, path: string): void {
  if (user) chownSync(path, user.uid, user.gid)
}

/** Answers how to stop it. Connections are by TCP alone: a socket's path would be one that others have too. */
async function start(
  { bin, user }: PostgresProgram,
  data: string,
  settings: Readonly<Record<string, string | number>>,
  remove: () => void,
): Promise<() => Promise<void>> {
  const all = Object.entries({ ...settings, unix_socket_directories: '' })
  const words = ['-D', data, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const ready = 'database system is ready to accept connections'
  const server = await launch({ program: join(bin, 'postgres'), words, directory: data, user }, ready)
  return endWithUs(server, { calmly: 'SIGINT', atOnce: 'SIGQUIT', afterwards: remove })
}

const urlOf = (port: number, name: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${name}`

/** How long connections that were ended may take to be gone, in milliseconds. Who uses one still is told that it breaks. */
const GOODBYE = 3_000

/**
 * Waits for connections that were ended: a pool's end does not wait for its sockets, and what a server that stops says to one of
 * them has no listener any more, which ends the process.
 */
async function goodbyes(port: number): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, 'postgres') })
  client.on('error', () => undefined)
  const others = `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
  const until = Date.now() + GOODBYE
  try {
    await client.connect()
    while ((await client.query(others)).rowCount !== 0 && Date.now() < until) await setTimeout(20)
  } catch {
    // It was stopped or killed already, which is what a test may be about.
  } finally {
    await client.end().catch(() => undefined)
  }
}

function createDatabases(port: number): PostgresServer['database'] {
  let count = 0
  return async (template = 'template1') => {
    const name = `test_${++count}`
    const client = new pg.Client({ connectionString: urlOf(port, 'postgres') })
    await client.connect()
    await client.query(`create database ${name} template ${template}`)
    await client.end()
    return urlOf(port, name)
  }
}

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

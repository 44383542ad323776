import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { endWithUs, launch, runToEnd } from './daemon.ts'
import { type PostgresProgram, postgresProgram } from './postgres-program.ts'

export interface PostgresServer {
  /** Makes an empty database and answers its URL. */
  database(): Promise<string>
  stop(): Promise<void>
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
export async function startPostgres(
  options: { durable?: boolean; settings?: Readonly<Record<string, string | number>> } = {},
): Promise<PostgresServer> {
  const program = postgresProgram()
  const directory = mkdtempSync(join(program.temporary, 'orchestra-postgres-'))
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  try {
    const data = await initialise(program, directory)
    const port = await freePort()
    const fsync = options.durable ? 'on' : 'off'
    const settings = { port, fsync, max_connections: 200, ...options.settings }
    const stop = await start(program, data, settings, remove)
    return {
      database: createDatabases(port),
      stop: async () => {
        await goodbyes(port)
        await stop()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

async function initialise({ bin, user }: PostgresProgram, directory: string): Promise<string> {
  const data = join(directory, 'data')
  const passwordFile = join(directory, 'password')
  mkdirSync(data)
  writeFileSync(passwordFile, password)
  for (const path of [directory, data, passwordFile]) if (user) chownSync(path, user.uid, user.gid)
  const words = [...initialisation, `--pgdata=${data}`, `--pwfile=${passwordFile}`]
  await runToEnd({ program: join(bin, 'initdb'), words, directory, user })
  return data
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

function createDatabases(port: number): () => Promise<string> {
  let count = 0
  return async () => {
    const name = `test_${++count}`
    const client = new pg.Client({ connectionString: urlOf(port, 'postgres') })
    await client.connect()
    await client.query(`create database ${name}`)
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

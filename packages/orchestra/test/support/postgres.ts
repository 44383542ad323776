import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
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
    return { database: createDatabases(port), stop }
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

function createDatabases(port: number): () => Promise<string> {
  const url = (name: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${name}`
  let count = 0
  return async () => {
    const name = `test_${++count}`
    const client = new pg.Client({ connectionString: url('postgres') })
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
    return url(name)
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

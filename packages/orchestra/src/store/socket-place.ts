import { chmodSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OrchestraError } from '../errors.ts'
import { readPrivate, replacePrivate } from './private-file.ts'
import { hasCode } from './sqlstate.ts'

/** Path lengths of unix sockets are limited to 107 bytes, `/.s.PGSQL.5432` included. */
const LONGEST_SOCKET_DIRECTORY = 90
const LONGEST_TEMPORARY = 60

/**
 * Makes the directory of an embedded database, or takes the one that is there if it is this user's: whoever could write there could
 * put a socket of their own in the place of ours. Others are kept out of it.
 * @throws OrchestraError ORC_STORE_EXPOSED
 */
export function takeDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const real = realpathSync(directory)
  assertOwn(real)
  chmodSync(real, 0o700)
}

/** The directory for the socket of a database that this process has open. */
export function makeSocketDirectory(directory: string): string {
  if (isShort(directory)) return directory
  // A name that nobody can guess, in a place where everybody may make names; who may read it finds it in the database's own directory.
  const place = mkdtempSync(
    join(Buffer.byteLength(tmpdir()) > LONGEST_TEMPORARY ? '/tmp' : tmpdir(), 'orchestra-'),
  )
  replacePrivate(noteIn(directory), place)
  return place
}

/**
 * Where the socket of a database is that another process has open; undefined before it is there.
 * @throws OrchestraError ORC_STORE_EXPOSED
 */
export function findSocketDirectory(directory: string): string | undefined {
  if (isShort(directory)) return directory
  const place = readNote(directory)
  if (place === undefined) return undefined
  try {
    assertOwn(place)
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return undefined
    throw error
  }
  return place
}

export function removeSocketDirectory(directory: string, place: string): void {
  if (place === directory) return
  rmSync(noteIn(directory), { force: true })
  rmSync(place, { recursive: true, force: true })
}

function isShort(directory: string): boolean {
  return Buffer.byteLength(directory) <= LONGEST_SOCKET_DIRECTORY
}

function noteIn(directory: string): string {
  return join(directory, 'socket')
}

function readNote(directory: string): string | undefined {
  try {
    return readPrivate(noteIn(directory))
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return undefined
    throw error
  }
}

/** Not following a link: its target may be anybody's. */
function assertOwn(path: string): void {
  const found = lstatSync(path)
  const me = process.geteuid?.()
  if (!found.isDirectory()) throw exposed(path, 'is no directory')
  if (me === undefined || found.uid === me) return
  throw exposed(path, `belongs to another user (uid ${found.uid}), and this runs as uid ${me}`)
}

function exposed(path: string, why: string): OrchestraError {
  return new OrchestraError(
    'ORC_STORE_EXPOSED',
    `The embedded database cannot be used safely: ${path} ${why}`,
    {
      hint: 'Run Orchestra as the user that it belongs to, or give it to the one that runs it: chown -R',
    },
  )
}

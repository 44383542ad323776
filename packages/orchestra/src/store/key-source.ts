import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, OrchestraError } from '../errors.ts'
import { createPrivate, readPrivate, replacePrivate } from './private-file.ts'

export const KEY_BYTES = 32

/** Where the keys of a process come from: the first encrypts, all decrypt. */
export interface KeySource {
  /** `ORCHESTRA_KEY`, or the path of the file. */
  readonly name: string
  readonly kind: 'environment' | 'file'
  /** @throws OrchestraError ORC_KEY_UNREADABLE */
  read(): Buffer[]
  /** Changes when what `read` answers may have changed. */
  version(): string
}

/**
 * `ORCHESTRA_KEY`: keys of 64 hexadecimal digits or 44 characters of base64, separated by commas or spaces.
 * @throws OrchestraError ORC_KEY_UNREADABLE
 */
export function keysInEnvironment(text: string): KeySource {
  const keys = parseKeys(text, 'ORCHESTRA_KEY')
  return { name: 'ORCHESTRA_KEY', kind: 'environment', read: () => keys, version: () => '' }
}

/**
 * The key file, one key a line; made with a key of its own where there is none.
 * @throws OrchestraError ORC_KEY_UNREADABLE
 */
export function keysInFile(path: string): KeySource {
  if (!existsSync(path)) createKeyFile(path)
  return {
    name: path,
    kind: 'file',
    read: () => parseKeys(readKeyFile(path), path),
    version: () => {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false })
      return found === undefined ? 'gone' : `${found.ino} ${found.mtimeNs} ${found.size}`
    },
  }
}

export function newKey(): Buffer {
  return randomBytes(KEY_BYTES)
}

/** @throws OrchestraError ORC_KEY_UNREADABLE */
export function writeKeyFile(path: string, keys: readonly Buffer[]): void {
  try {
    replacePrivate(path, textOf(keys))
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

function textOf(keys: readonly Buffer[]): string {
  return keys.map((key) => `${key.toString('hex')}\n`).join('')
}

function parseKeys(text: string, where: string): Buffer[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  const keys = words.map((word) => parseKey(word))
  const known = keys.filter((key) => key !== undefined)
  if (known.length > 0 && known.length === keys.length) return known
  const which = keys.length > 1 ? `: its key ${keys.indexOf(undefined) + 1} is none` : ''
  throw new OrchestraError(
    'ORC_KEY_UNREADABLE',
    `${where} does not hold a key of ${KEY_BYTES} bytes${which}`,
    {
      hint: 'A key is 64 hexadecimal digits or 44 characters of base64, as `openssl rand -hex 32` prints',
    },
  )
}

function parseKey(word: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(word)) return Buffer.from(word, 'hex')
  return /^[A-Za-z0-9+/]{43}=$/.test(word) ? Buffer.from(word, 'base64') : undefined
}

function readKeyFile(path: string): string {
  try {
    return readPrivate(path)
  } catch (cause) {
    throw new OrchestraError(
      'ORC_KEY_UNREADABLE',
      `The key file ${path} cannot be read: ${messageOf(cause)}`,
      {
        hint: 'Give it to the user that runs Orchestra (owner, mode 0600, no link), or give the key in ORCHESTRA_KEY',
        cause,
      },
    )
  }
}

/** Where another process was faster, its key is the key. */
function createKeyFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    createPrivate(path, textOf([newKey()]))
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): OrchestraError {
  return new OrchestraError(
    'ORC_KEY_UNREADABLE',
    `The key file ${path} cannot be made: ${messageOf(cause)}`,
    { hint: 'Make its directory writable, or give the key in ORCHESTRA_KEY', cause },
  )
}

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, OrchestraError } from '../errors.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts the secret fields of snapshots: AES-256-GCM, a fresh nonce each, as `v1:KEYID:BASE64(nonce tag text)`. */
export class Keyring {
  readonly #key: Buffer
  /** Made ready once: that costs more than a digest. */
  readonly #digestKey: KeyObject
  /** Tells which key encrypted a value, without telling the key. */
  readonly id: string

  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key)
    this.#digestKey = createSecretKey(this.#key)
    this.id = createHash('sha256').update('orchestra key id').update(key).digest('hex').slice(0, 8)
  }

  /** A hash that nobody without the key can compute: revisions are hashes of text that may hold secrets. */
  digest(text: string): string {
    return createHmac('sha256', this.#digestKey).update(text).digest('base64url')
  }

  encrypt(text: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return `v1:${this.id}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`
  }

  /** @throws OrchestraError ORC_KEY_WRONG when another key, or nobody, wrote the value. */
  decrypt(sealed: string): string {
    const [version, id, body] = sealed.split(':')
    if (version !== 'v1' || body === undefined)
      throw wrongKey('a stored secret is not in a form that Orchestra writes')
    if (id !== this.id)
      throw wrongKey(`a stored secret was encrypted with key ${id}, the key in use is ${this.id}`)
    try {
      return this.#open(Buffer.from(body, 'base64'))
    } catch (cause) {
      throw wrongKey('a stored secret was changed after it was written', cause)
    }
  }

  #open(bytes: Buffer): string {
    const nonce = bytes.subarray(0, NONCE_BYTES)
    // Without its length said, a tag that was cut would do, and a short one can be guessed.
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8')
    return text + decipher.final('utf8')
  }
}

/**
 * The key from `ORCHESTRA_KEY` (64 hexadecimal digits or 44 characters of base64), else from the key file, which is made
 * (mode 0600) when it does not exist.
 */
export function openKeyring(options: { key?: string | undefined; keyFile: string }): Keyring {
  if (options.key !== undefined && options.key !== '')
    return new Keyring(parseKey(options.key, 'ORCHESTRA_KEY'))
  if (!existsSync(options.keyFile)) createKeyFile(options.keyFile)
  return new Keyring(parseKey(readKeyFile(options.keyFile), options.keyFile))
}

function parseKey(text: string, where: string): Buffer {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return Buffer.from(trimmed, 'base64')
  throw new OrchestraError('ORC_KEY_UNREADABLE', `${where} does not hold a key of ${KEY_BYTES} bytes`, {
    hint: 'A key is 64 hexadecimal digits or 44 characters of base64, as `openssl rand -hex 32` prints',
  })
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OrchestraError(
      'ORC_KEY_UNREADABLE',
      `The key file ${path} cannot be read: ${messageOf(cause)}`,
      {
        hint: 'Make it readable for the user that runs Orchestra (mode 0600), or give the key in ORCHESTRA_KEY',
        cause,
      },
    )
  }
}

function createKeyFile(path: string): void {
  const mine = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(mine, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600 })
    // A link appears whole or not at all: a process that starts at the same moment never reads half a key.
    linkSync(mine, path)
  } catch (cause) {
    // That process was faster, and its key is the key.
    if (existsSync(path)) return
    throw new OrchestraError(
      'ORC_KEY_UNREADABLE',
      `The key file ${path} cannot be made: ${messageOf(cause)}`,
      {
        hint: 'Make its directory writable, or give the key in ORCHESTRA_KEY',
        cause,
      },
    )
  } finally {
    removeIfThere(mine)
  }
}

/** Also where the directory itself could not be made. */
function removeIfThere(path: string): void {
  if (existsSync(path)) rmSync(path)
}

function wrongKey(what: string, cause?: unknown): OrchestraError {
  return new OrchestraError('ORC_KEY_WRONG', `Wrong key: ${what}`, {
    hint: 'Give the key that this database was used with: ORCHESTRA_KEY, or the key file in .orchestra/',
    ...(cause === undefined ? {} : { cause }),
  })
}

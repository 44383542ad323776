import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { OrchestraError } from '../errors.ts'
import { type KeySource, keysInEnvironment, keysInFile } from './key-source.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Milliseconds for which a process need not look whether the key file has changed. */
const FRESH = 1_000

/** Where in an object a value stands: `['password']`, `['logins', 0, 'token']`. */
export type SealPath = readonly (string | number)[]

/** Encrypts and decrypts the secrets of one object: what was sealed for another object, or another field, does not open. */
export interface Seal {
  encrypt(text: string, path: SealPath): string
  /** @throws OrchestraError ORC_KEY_WRONG */
  decrypt(sealed: string, path: SealPath): string
}

/** One key, and what is made of it once because that costs more than using it. */
interface Key {
  /** Tells which key encrypted a value, without telling the key. */
  id: string
  bytes: Buffer
  digest: KeyObject
}

/**
 * Encrypts what secrets are stored of: AES-256-GCM, a fresh nonce each, bound to the object and field that it is of, as
 * `v2:KEYID:BASE64(nonce tag text)`. The first key encrypts, every key decrypts. `v1` was bound to nothing; it is still read.
 */
export class Keyring {
  readonly source: KeySource | undefined
  #keys: readonly Key[]
  #version: string
  #checkedAt = 0

  /** @param keys at least one, where they come from, or `none` for a process that seals nothing and opens nothing */
  constructor(keys: Uint8Array | KeySource | 'none') {
    this.source = keys instanceof Uint8Array || keys === 'none' ? undefined : keys
    this.#version = this.source?.version() ?? ''
    this.#keys = (keys instanceof Uint8Array ? [keys] : (this.source?.read() ?? [])).map(keyOf)
  }

  /** Whether it can seal and open anything at all. */
  get hasKey(): boolean {
    return this.#keys.length > 0
  }

  /** Of the key that encrypts. */
  get id(): string {
    return this.#first.id
  }

  /** Of all keys, the one that encrypts first. */
  get ids(): string[] {
    this.#refresh()
    return this.#keys.map(({ id }) => id)
  }

  /** A hash that nobody without the key can compute: revisions are hashes of text that may hold secrets. */
  digest(text: string): string {
    return digestBy(this.#first, text)
  }

  /** 32 bytes that nobody without the key can compute, for one purpose, and which tell nothing of the key or of those for others. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#first.bytes, '', `orchestra: ${purpose}`, 32))
  }

  /** What the same text hashed to under each other key that is still valid. */
  formerDigests(text: string): string[] {
    this.#refresh()
    return this.#keys.slice(1).map((key) => digestBy(key, text))
  }

  /** For the secrets of one object. */
  for(model: string, key: string): Seal {
    const owner = ['object', model, key]
    return {
      encrypt: (text, path) => this.sealAt(text, [...owner, ...path]),
      decrypt: (sealed, path) => this.openAt(sealed, [...owner, ...path]),
    }
  }

  sealAt(text: string, place: SealPath): string {
    const { id, bytes } = this.#first
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', bytes, nonce)
    cipher.setAAD(bound(id, place))
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return `v2:${id}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`
  }

  /** @throws OrchestraError ORC_KEY_WRONG when a key that is not here, or nobody, wrote the value, or wrote it for another place. */
  openAt(sealed: string, place: SealPath): string {
    const [version, id = '', body] = sealed.split(':')
    if ((version !== 'v1' && version !== 'v2') || body === undefined)
      throw wrongKey('a stored secret is not in a form that Orchestra writes')
    const key = this.#find(id)
    try {
      return open(key, Buffer.from(body, 'base64'), version === 'v1' ? undefined : bound(id, place))
    } catch (cause) {
      throw wrongKey('a stored secret was changed, or put into another place, after it was written', cause)
    }
  }

  /** Looks again where the keys come from, now. What cannot be read any more leaves a running process the keys that it has. */
  reread(): void {
    this.#checkedAt = Date.now()
    const version = this.source?.version() ?? ''
    if (version === this.#version) return
    try {
      this.#keys = this.source?.read().map(keyOf) ?? this.#keys
      this.#version = version
    } catch {
      // Tried again at the next look; the next start says why.
    }
  }

  get #first(): Key {
    this.#refresh()
    const [first] = this.#keys
    if (first === undefined) throw keyless()
    return first
  }

  #find(id: string): Key {
    if (!this.hasKey) throw keyless()
    const known = this.#keys.find((key) => key.id === id)
    if (known !== undefined) return known
    this.reread()
    const found = this.#keys.find((key) => key.id === id)
    if (found !== undefined) return found
    const own = this.#keys.map((key) => key.id)
    const inUse = own.length === 1 ? `the key in use is ${own[0]}` : `the keys in use are ${own.join(', ')}`
    throw wrongKey(`a stored secret was encrypted with key ${id}, ${inUse}`)
  }

  /** Another process may have begun to use another key. */
  #refresh(): void {
    if (Date.now() - this.#checkedAt > FRESH) this.reread()
  }
}

/** Which key a sealed value needs, and how it was written. */
export function sealedBy(sealed: string): { version: string; id: string } {
  const [version = '', id = ''] = sealed.split(':')
  return { version, id }
}

/** The keys of `ORCHESTRA_KEY`, else of the key file, which is made (mode 0600) when it does not exist. */
export function openKeyring(options: {
  key?: string | undefined
  keyFile: string
  keyless?: boolean | undefined
}): Keyring {
  if (options.keyless === true) return new Keyring('none')
  const isGiven = options.key !== undefined && options.key !== ''
  return new Keyring(isGiven ? keysInEnvironment(options.key ?? '') : keysInFile(options.keyFile))
}

export function keyIdOf(bytes: Uint8Array): string {
  return createHash('sha256').update('orchestra key id').update(bytes).digest('hex').slice(0, 8)
}

function keyOf(given: Uint8Array): Key {
  const bytes = Buffer.from(given)
  return { id: keyIdOf(bytes), bytes, digest: createSecretKey(bytes) }
}

function digestBy(key: Key, text: string): string {
  return createHmac('sha256', key.digest).update(text).digest('base64url')
}

function bound(id: string, place: SealPath): Buffer {
  return Buffer.from(JSON.stringify(['orchestra', 'v2', id, ...place]))
}

function open({ bytes: key }: Key, bytes: Buffer, place: Buffer | undefined): string {
  const nonce = bytes.subarray(0, NONCE_BYTES)
  // Without its length said, a tag that was cut would do, and a short one can be guessed.
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  if (place !== undefined) decipher.setAAD(place)
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8')
  return text + decipher.final('utf8')
}

function keyless(): OrchestraError {
  return new OrchestraError(
    'ORC_KEY_ABSENT',
    'The encryption key is needed, and this process was opened without',
    {
      hint: 'Ask by the command, or by `orchestra up --http`: both have the key',
    },
  )
}

function wrongKey(what: string, cause?: unknown): OrchestraError {
  return new OrchestraError('ORC_KEY_WRONG', `Wrong key: ${what}`, {
    hint: 'Give the key that this database was used with: ORCHESTRA_KEY, or the key file in .orchestra/',
    ...(cause === undefined ? {} : { cause }),
  })
}

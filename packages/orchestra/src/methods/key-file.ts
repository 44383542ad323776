import { createPrivateKey, type KeyObject } from 'node:crypto'
import ssh2 from 'ssh2'
import { messageOf } from '../errors.ts'

/** What a key file is, as far as its first look tells. */
export type KeyFile =
  /** What the library reads, in the form that it reads. */
  { kind: 'private'; privateKey: Buffer } | { kind: 'locked' } | Unusable

/** No private key that this method can use. */
export interface Unusable {
  kind: 'unusable'
  problem: string
  hint: string
}

/** Looks what a key file holds, and opens it with the passphrase if it needs one. */
export function readKey(path: string, content: Buffer, passphrase?: string): KeyFile {
  // Editors of other systems add a byte order mark and carriage returns.
  const text = content
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .replaceAll('\r\n', '\n')
  const wrong = neverAKey(path, text) ?? publicHalf(path, text)
  if (wrong !== null) return wrong
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text)) return fromPkcs8(text, passphrase)
  const parsed = ssh2.utils.parseKey(text, passphrase)
  if (!(parsed instanceof Error)) return { kind: 'private', privateKey: Buffer.from(text, 'latin1') }
  const type = openSshType(text)
  if (type !== null && !knownTypes.test(type)) return foreign(type)
  return isEncrypted(text) || /encrypted/i.test(parsed.message)
    ? { kind: 'locked' }
    : unusable(`is not a private key: ${parsed.message}`, newKey)
}

const knownTypes = /^(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521))$/
const newKey = 'ssh-keygen -t ed25519 makes a new one'

/** The public half of a key: ssh's own configuration may name it, for a private one that an agent holds. */
function publicHalf(path: string, text: string): Unusable | null {
  const privatePath = path.endsWith('.pub') ? path.replace(/(-cert)?\.pub$/, '') : 'the private key'
  if (/^\S+-cert-v\d\d@openssh\.com /.test(text))
    return unusable(
      'is a certificate, not a private key',
      `Name ${privatePath}; certificates work with the method openssh, which finds them beside the key`,
    )
  return /^(ssh-|ecdsa-|sk-)\S+ AAAA/.test(text)
    ? unusable('is a public key, not a private key', `Name ${privatePath}`)
    : null
}

/** What no program takes for a login, by name; null where it may be a key. */
export function neverAKey(path: string, text: string): Unusable | null {
  if (text.trim() === '') return unusable('is empty', newKey)
  if (text.startsWith('PuTTY-User-Key-File-'))
    return unusable('is a key of PuTTY', `Convert it: puttygen ${path} -O private-openssh -o ${path}.openssh`)
  if (/^---- BEGIN SSH2 PUBLIC KEY ----/m.test(text) || /^-----BEGIN (RSA )?PUBLIC KEY-----/m.test(text))
    return unusable('is a public key, not a private key', 'Name the private key')
  if (/^---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----/m.test(text))
    return unusable('is a key of ssh.com', `Convert it: ssh-keygen -i -f ${path} > ${path}.openssh`)
  if (/^-----BEGIN CERTIFICATE-----/m.test(text))
    return unusable('is a certificate of TLS, not a key for SSH', newKey)
  return null
}

function unusable(problem: string, hint: string): Unusable {
  return { kind: 'unusable', problem, hint }
}

function foreign(type: string): Unusable {
  return unusable(
    `is a key of the type ${type}, which the method ssh cannot use`,
    'Use the method openssh for this server, or a key that `ssh-keygen -t ed25519` makes',
  )
}

function isEncrypted(text: string): boolean {
  return /^Proc-Type: 4,ENCRYPTED$/m.test(text)
}

/** The type of the key inside of OpenSSH's own format, which tells it without a passphrase; null for other formats. */
function openSshType(text: string): string | null {
  const [, base64] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  if (!bytes.toString('latin1').startsWith('openssh-key-v1\0')) return null
  const reader = new Reader(bytes, 15)
  for (const _ of ['cipher', 'kdf', 'kdf options']) reader.text()
  reader.skip(4)
  return new Reader(reader.text(), 0).text().toString('latin1')
}

/** Reads strings with their lengths before them, as SSH writes them; what is missing is empty. */
class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  skip(count: number): void {
    this.#at += count
  }

  text(): Buffer {
    const start = this.#at + 4
    const length = start <= this.#bytes.length ? this.#bytes.readUInt32BE(this.#at) : 0
    this.#at = start + length
    return this.#bytes.subarray(start, this.#at)
  }
}

/** The library reads no PKCS#8; what it reads has the same numbers in it. */
function fromPkcs8(text: string, passphrase: string | undefined): KeyFile {
  const isLocked = text.includes('-----BEGIN ENCRYPTED')
  if (isLocked && passphrase === undefined) return { kind: 'locked' }
  try {
    const key = createPrivateKey(passphrase === undefined ? text : { key: text, passphrase })
    return inOwnFormat(key)
  } catch (error) {
    return isLocked ? { kind: 'locked' } : unusable(`is not a private key: ${messageOf(error)}`, newKey)
  }
}

function inOwnFormat(key: KeyObject): KeyFile {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { kind: 'private', privateKey: Buffer.from(key.export({ type: 'pkcs1', format: 'pem' })) }
    case 'ec':
      return { kind: 'private', privateKey: Buffer.from(key.export({ type: 'sec1', format: 'pem' })) }
    case 'ed25519':
      return { kind: 'private', privateKey: openSshEd25519(key) }
    default:
      return foreign(key.asymmetricKeyType ?? 'unknown')
  }
}

/** OpenSSH's own format of a key without a passphrase. */
function openSshEd25519(key: KeyObject): Buffer {
  const { d = '', x = '' } = key.export({ format: 'jwk' })
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]
  const publicKey = Buffer.concat([withLength('ssh-ed25519'), withLength(point)])
  const check = Buffer.alloc(8)
  const body = Buffer.concat([check, publicKey, withLength(Buffer.concat([seed, point])), withLength('')])
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, index) => index + 1))
  const one = Buffer.from([0, 0, 0, 1])
  const all = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(withLength),
    one,
    withLength(publicKey),
    withLength(Buffer.concat([body, padding])),
  ])
  const lines = all.toString('base64').match(/.{1,70}/g) ?? []
  return Buffer.from(
    ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
  )
}

function withLength(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

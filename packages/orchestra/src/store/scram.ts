import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** SCRAM-SHA-256 (RFC 5802, 7677) as a server, without channel binding: what every driver of Postgres speaks. */

export const MECHANISM = 'SCRAM-SHA-256'
const ITERATIONS = 4_096
const KEY_BYTES = 32

/** What a server keeps of a password. */
export interface Verifier {
  salt: Buffer
  storedKey: Buffer
  serverKey: Buffer
}

export function verifierOf(password: string): Verifier {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  return { salt, storedKey: sha256(hmac(salted, 'Client Key')), serverKey: hmac(salted, 'Server Key') }
}

/** One login: the client's first message, then its last. */
export class Scram {
  readonly #verifier: Verifier
  readonly #nonce = randomBytes(18).toString('base64')
  #begun: { header: string; nonce: string; messages: string } | undefined

  constructor(verifier: Verifier) {
    this.#verifier = verifier
  }

  /** Answers the server's first message; undefined where the client's is none. */
  first(message: string): string | undefined {
    const found = /^([ny],(?:a=[^,]*)?,)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/.exec(message)
    if (found === null) return undefined
    const [, header = '', bare = '', clientNonce = ''] = found
    const nonce = clientNonce + this.#nonce
    const answer = `r=${nonce},s=${this.#verifier.salt.toString('base64')},i=${ITERATIONS}`
    this.#begun = { header, nonce, messages: `${bare},${answer}` }
    return answer
  }

  /** Answers the server's last message; undefined where the password is wrong. */
  last(message: string): string | undefined {
    const found = /^(c=([^,]*),r=([^,]*)(?:,[^p].*)?),p=([^,]*)$/.exec(message)
    if (found === null || this.#begun === undefined) return undefined
    const [, withoutProof = '', binding = '', nonce = '', proof = ''] = found
    const { header, nonce: expected, messages } = this.#begun
    if (nonce !== expected || Buffer.from(binding, 'base64').toString() !== header) return undefined
    const signed = `${messages},${withoutProof}`
    const clientKey = xor(Buffer.from(proof, 'base64'), hmac(this.#verifier.storedKey, signed))
    if (clientKey === undefined || !timingSafeEqual(sha256(clientKey), this.#verifier.storedKey))
      return undefined
    return `v=${hmac(this.#verifier.serverKey, signed).toString('base64')}`
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function xor(one: Buffer, other: Buffer): Buffer | undefined {
  if (one.length !== other.length) return undefined
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)))
}

import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BYTES = 32
/** Digits that 32 bytes and a checksum of 32 bits take at most. */
const SECRET_DIGITS = 43
const SUM_DIGITS = 6
const PREFIX = 'orc_'

/**
 * A token: a prefix that scanners for secrets know it by, 32 random bytes, and a checksum that tells what was cut off or mistyped without
 * a look into the store.
 */
export function newToken(): string {
  const secret = toDigits(BigInt(`0x${randomBytes(BYTES).toString('hex')}`), SECRET_DIGITS)
  return `${PREFIX}${secret}${checksum(secret)}`
}

/** Whether a text can be a token. */
export function isToken(text: string): boolean {
  const [, secret, sum] = tokenForm.exec(text) ?? []
  return secret !== undefined && checksum(secret) === sum
}

const tokenForm = new RegExp(`^${PREFIX}([0-9A-Za-z]{${SECRET_DIGITS}})([0-9A-Za-z]{${SUM_DIGITS}})$`)

/** A secret of 256 bits that is no token: of a session, or of a link. */
export function newSecret(): string {
  return randomBytes(BYTES).toString('base64url')
}

export function isSecret(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

/** What is kept of a secret. It has 256 random bits, so a fast hash is as good as a slow one. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function checksum(secret: string): string {
  return toDigits(BigInt(crc32(`${PREFIX}${secret}`)), SUM_DIGITS)
}

function toDigits(value: bigint, length: number): string {
  let rest = value
  let text = ''
  for (let at = 0; at < length; at++) {
    text = `${DIGITS[Number(rest % 62n)]}${text}`
    rest /= 62n
  }
  return text
}

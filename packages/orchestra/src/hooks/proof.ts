import { createHash, createPublicKey, randomBytes, timingSafeEqual, verify } from 'node:crypto'
import { OrchestraError } from '../errors.ts'

/** How somebody proves that he sends what a hook is told, as Standard Webhooks have it. */
export interface Proof {
  id: string
  /** Seconds since 1970. */
  timestamp: string
  /** Several, divided by spaces. */
  signature: string
  /** What stands behind `Bearer`. */
  secret: string
}

/** What is known of the sender: one of both. */
export interface Known {
  publicKey: Buffer | null
  secretHash: Buffer | null
}

/** Seconds that a message may be old, or ahead of a clock that is wrong. */
const MOST_SECONDS = 300
/** Signatures of one message that are tried: senders give several while they change keys. */
const MOST_SIGNATURES = 4
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** What stands before the bytes of an Ed25519 key in the form that Node reads (SPKI). */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

export function newHookSecret(): string {
  return `whook_${randomBytes(KEY_BYTES).toString('base64url')}`
}

/** It has 256 random bits, so a fast hash is as good as a slow one. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Whether a message says by whom it is, and of when. */
export function isTimely({ id, timestamp }: Pick<Proof, 'id' | 'timestamp'>, now: Date): boolean {
  if (!/^[\x21-\x7e]{1,255}$/.test(id) || !/^\d{1,12}$/.test(timestamp)) return false
  return Math.abs(now.getTime() / 1_000 - Number(timestamp)) <= MOST_SECONDS
}

/**
 * Whether it comes from whom the hook is for. It takes as long where there is no such hook, or one of the other kind, so that nobody
 * learns which there are.
 */
export function isProven(proof: Proof, body: Buffer, known: Known | undefined): boolean {
  const isSigned = isSignedBy(known?.publicKey ?? nobodysKey, proof, body)
  const isShown = timingSafeEqual(secretHash(proof.secret), known?.secretHash ?? nobodysHash)
  if (known === undefined) return false
  return known.publicKey === null ? isShown : isSigned
}

function isSignedBy(key: Buffer, { id, timestamp, signature }: Proof, body: Buffer): boolean {
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const signatures = signature
    .split(' ')
    .slice(0, MOST_SIGNATURES)
    .flatMap((one) => (one.startsWith('v1a,') ? [Buffer.from(one.slice(4), 'base64')] : []))
  return signatures.some((one) => one.length === SIGNATURE_BYTES && verifies(key, message, one))
}

function verifies(key: Buffer, message: Buffer, signature: Buffer): boolean {
  const spki = Buffer.concat([SPKI_ED25519, key])
  return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature)
}

const nobodysKey = randomBytes(KEY_BYTES)
const nobodysHash = randomBytes(KEY_BYTES)

/**
 * The bytes of a key as Standard Webhooks write it: `whpk_` and base64.
 * @throws OrchestraError ORC_HOOK_INVALID
 */
export function publicKeyOf(text: string): Buffer {
  const [, digits] = /^whpk_([A-Za-z0-9+/]{43}=?)$/.exec(text) ?? []
  const key = Buffer.from(digits ?? '', 'base64')
  if (key.length === KEY_BYTES && !isForgeable(key)) return key
  throw new OrchestraError('ORC_HOOK_INVALID', 'It is no Ed25519 key of whoever signs', {
    hint: 'Such as whpk_ and 44 characters of base64: the public part, of 32 bytes',
  })
}

/**
 * Points of small order, without their sign: what is no key of anybody, such as zeros in the place of one, and what anybody can sign by
 * where the library takes it.
 */
const forgeable: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ...['ec', 'ed', 'ee'].map((first) => `${first}${'ff'.repeat(30)}7f`),
])

function isForgeable(key: Buffer): boolean {
  const unsigned = Buffer.from(key)
  unsigned[KEY_BYTES - 1] = (unsigned[KEY_BYTES - 1] ?? 0) & 0x7f
  return forgeable.has(unsigned.toString('hex'))
}

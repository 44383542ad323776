import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { OrchestraError } from '../errors.ts'

/** 32 MiB for each, and three rounds: as slow for whoever guesses as one of 128 MiB, and a process can do several at once. */
const COST = { log2: 15, blocks: 8, rounds: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32
const SHORTEST = 12
const LONGEST = 1_000

interface Stored {
  log2: number
  blocks: number
  rounds: number
  salt: Buffer
  hash: Buffer
}

/** What is kept of a password: parameters, salt and hash in one text. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const { log2, blocks, rounds } = COST
  const hash = await derive(password, { ...COST, salt })
  return ['scrypt', log2, blocks, rounds, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Takes as long where there is nothing to compare with, so that time tells nobody which names there are. */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  if (password.length > LONGEST) return false
  const kept = stored === null ? undefined : parse(stored)
  const { hash, ...parameters } = kept ?? nobody
  const isEqual = timingSafeEqual(await derive(password, parameters), hash)
  return isEqual && kept !== undefined
}

/** @throws OrchestraError ORC_PASSWORD_WEAK */
export function assertStrong(password: string, name: string): void {
  const said = weakness(password, name)
  if (said === undefined) return
  throw new OrchestraError('ORC_PASSWORD_WEAK', `The password ${said}`, {
    hint: `Give ${SHORTEST} to ${LONGEST} characters that nobody guesses; four random words do`,
  })
}

function weakness(password: string, name: string): string | undefined {
  const characters = [...password].length
  if (characters < SHORTEST) return `has less than ${SHORTEST} characters`
  if (password.length > LONGEST) return `has more than ${LONGEST} characters`
  if (new Set(password).size < 4) return 'is the same few characters again and again'
  return password.toLowerCase().includes(name.toLowerCase()) && characters < name.length + SHORTEST
    ? 'is little more than the name'
    : undefined
}

const nobody: Stored = { ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }

function parse(stored: string): Stored | undefined {
  const [kind, log2, blocks, rounds, salt = '', hash = ''] = stored.split('$')
  if (kind !== 'scrypt') return undefined
  const bytes = { salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') }
  return { log2: Number(log2), blocks: Number(blocks), rounds: Number(rounds), ...bytes }
}

function derive(password: string, { log2, blocks, rounds, salt }: Omit<Stored, 'hash'>): Promise<Buffer> {
  const options = { N: 2 ** log2, r: blocks, p: rounds, maxmem: 256 * 2 ** log2 * blocks }
  return new Promise((resolve, reject) => {
    // The same characters can be typed in several ways.
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    )
  })
}

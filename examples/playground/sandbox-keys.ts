import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'

/** A key pair in a file, kept from one start to the next. */
export interface StoredKey {
  path: string
  privateKey: string
  parsed: ParsedKey
}

/** Reads a key from a directory, or makes it there the first time. */
export async function storedKey(directory: string, name: string): Promise<StoredKey> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, name)
  const there = await readIfThere(path)
  // Nobody can have used what cannot be read: a start that was killed left it, or an earlier release made it so.
  if (there !== null && isReadable(there)) return stored(path, there)
  return stored(path, await makeKey(path))
}

/** The public part as `type base64`, the way servers are registered with it. */
export function publicKey(key: StoredKey): string {
  return `${key.parsed.type} ${key.parsed.getPublicSSH().toString('base64')}`
}

async function makeKey(path: string): Promise<string> {
  // One in 256 of the library's ed25519 keys cannot be read: it takes a zero off the beginning of the public part.
  const { private: privateKey, public: publicLine } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
  await writeFile(path, privateKey, { mode: 0o600 })
  await chmod(path, 0o600)
  await writeFile(`${path}.pub`, `${publicLine}\n`)
  return privateKey
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function stored(path: string, privateKey: string): StoredKey {
  const parsed = ssh2.utils.parseKey(privateKey)
  if (parsed instanceof Error) throw parsed
  return { path, privateKey, parsed }
}

function isReadable(privateKey: string): boolean {
  return !(ssh2.utils.parseKey(privateKey) instanceof Error)
}

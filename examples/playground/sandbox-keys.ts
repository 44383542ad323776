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
  const privateKey = (await readIfThere(path)) ?? (await makeKey(path))
  return { path, privateKey, parsed: parsed(privateKey) }
}

/** The public part as `type base64`, the way servers are registered with it. */
export function publicKey(key: StoredKey): string {
  return `${key.parsed.type} ${key.parsed.getPublicSSH().toString('base64')}`
}

async function makeKey(path: string): Promise<string> {
  const { private: privateKey, public: publicLine } = ssh2.utils.generateKeyPairSync('ed25519')
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

function parsed(privateKey: string): ParsedKey {
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  return key
}

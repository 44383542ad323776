import { readFile, stat } from 'node:fs/promises'
import { messageOf, OrchestraError } from '../errors.ts'
import { neverAKey, readKey, type Unusable } from './key-file.ts'
import type { ServerTarget } from './method.ts'

/** Bytes of a key file; the largest keys have some ten thousand. */
const largestKey = 64 * 1024

/** What proves who we are: a private key, or an agent that holds some. */
export type Identity =
  | { kind: 'key'; privateKey: Buffer; passphrase: string | undefined }
  | { kind: 'agent'; socket: string }

/** Where keys come from besides files; a part of the process's environment. */
export interface IdentityEnvironment {
  SSH_AUTH_SOCK?: string | undefined
  ORCHESTRA_KEY_PASSPHRASE?: string | undefined
}

/** Finds what a server's login is proven with; throws what to do where there is nothing usable. */
export async function loadIdentity(
  target: ServerTarget,
  environment: IdentityEnvironment,
): Promise<Identity> {
  if (target.identityFile === null) return agentIdentity(target, environment)
  const privateKey = await readKeyFile(target.name, target.identityFile)
  return keyIdentity(target.name, target.identityFile, privateKey, environment)
}

function agentIdentity(target: ServerTarget, environment: IdentityEnvironment): Identity {
  if (environment.SSH_AUTH_SOCK) return { kind: 'agent', socket: environment.SSH_AUTH_SOCK }
  throw new OrchestraError(
    'ORC_IDENTITY_MISSING',
    `${target.name}: no key file is set and no ssh-agent runs`,
    {
      hint: 'Give the server a key file, or start an ssh-agent (SSH_AUTH_SOCK) and add a key to it',
    },
  )
}

/** The content of a key file; throws what to do where it cannot be read. */
async function readKeyFile(server: string, path: string): Promise<Buffer> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error('it is a directory')
    if (found.isCharacterDevice() || found.isBlockDevice()) throw new Error('it is a device')
    if (found.size > largestKey) throw new Error(`it has ${found.size} bytes, more than any key`)
    return await readFile(path)
  } catch (error) {
    throw new OrchestraError(
      'ORC_IDENTITY_UNREADABLE',
      `${server}: cannot read the key file ${path}: ${messageOf(error)}`,
      {
        hint: 'Check the path and that the user Orchestra runs as may read it',
        cause: error,
      },
    )
  }
}

/**
 * Whether a key file needs a passphrase, for a program that reads it itself.
 * @throws OrchestraError ORC_IDENTITY_UNREADABLE where no program takes it for a key
 */
export async function isLockedKey(server: string, path: string): Promise<boolean> {
  const content = await readKeyFile(server, path)
  const never = neverAKey(path, content.toString('latin1'))
  if (never !== null) throw notUsable(server, path, never)
  return readKey(path, content).kind === 'locked'
}

function keyIdentity(
  server: string,
  path: string,
  content: Buffer,
  environment: IdentityEnvironment,
): Identity {
  const closed = readKey(path, content)
  if (closed.kind === 'private') return { kind: 'key', privateKey: closed.privateKey, passphrase: undefined }
  if (closed.kind === 'unusable') throw notUsable(server, path, closed)
  const passphrase = environment.ORCHESTRA_KEY_PASSPHRASE
  if (passphrase !== undefined) return decrypted(server, path, content, passphrase)
  if (environment.SSH_AUTH_SOCK) return { kind: 'agent', socket: environment.SSH_AUTH_SOCK }
  throw encrypted(server, path, 'is encrypted and there is neither a passphrase nor an ssh-agent')
}

function decrypted(server: string, path: string, content: Buffer, passphrase: string): Identity {
  const opened = readKey(path, content, passphrase)
  if (opened.kind === 'private') return { kind: 'key', privateKey: opened.privateKey, passphrase }
  throw encrypted(server, path, 'does not open with ORCHESTRA_KEY_PASSPHRASE')
}

function encrypted(server: string, path: string, problem: string): OrchestraError {
  return new OrchestraError('ORC_IDENTITY_ENCRYPTED', `${server}: the key file ${path} ${problem}`, {
    hint: 'Set ORCHESTRA_KEY_PASSPHRASE, or add the key to an ssh-agent (ssh-add) and set SSH_AUTH_SOCK',
  })
}

function notUsable(server: string, path: string, { problem, hint }: Unusable): OrchestraError {
  return new OrchestraError('ORC_IDENTITY_UNREADABLE', `${server}: ${path} ${problem}`, { hint })
}

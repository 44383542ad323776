import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import { messageOf, OrchestraError } from '../errors.ts'
import type { ServerTarget } from './method.ts'

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
export async function readKeyFile(server: string, path: string): Promise<Buffer> {
  try {
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

function keyIdentity(
  server: string,
  path: string,
  privateKey: Buffer,
  environment: IdentityEnvironment,
): Identity {
  const parsed = ssh2.utils.parseKey(privateKey)
  if (!(parsed instanceof Error)) return { kind: 'key', privateKey, passphrase: undefined }
  if (!isEncrypted(parsed)) throw notAKey(server, path, parsed)
  const passphrase = environment.ORCHESTRA_KEY_PASSPHRASE
  if (passphrase !== undefined) return decrypted(server, path, privateKey, passphrase)
  if (environment.SSH_AUTH_SOCK) return { kind: 'agent', socket: environment.SSH_AUTH_SOCK }
  throw encrypted(server, path, 'is encrypted and there is neither a passphrase nor an ssh-agent')
}

/** ssh2 tells an encrypted key from a broken one by its message alone. */
function isEncrypted(error: Error): boolean {
  return /encrypted/i.test(error.message)
}

function decrypted(server: string, path: string, privateKey: Buffer, passphrase: string): Identity {
  if (ssh2.utils.parseKey(privateKey, passphrase) instanceof Error)
    throw encrypted(server, path, 'does not open with ORCHESTRA_KEY_PASSPHRASE')
  return { kind: 'key', privateKey, passphrase }
}

function encrypted(server: string, path: string, problem: string): OrchestraError {
  return new OrchestraError('ORC_IDENTITY_ENCRYPTED', `${server}: the key file ${path} ${problem}`, {
    hint: 'Set ORCHESTRA_KEY_PASSPHRASE, or add the key to an ssh-agent (ssh-add) and set SSH_AUTH_SOCK',
  })
}

function notAKey(server: string, path: string, cause: Error): OrchestraError {
  return new OrchestraError(
    'ORC_IDENTITY_UNREADABLE',
    `${server}: ${path} is not a private key: ${cause.message}`,
    {
      hint: 'Name the private key, not the .pub file; ssh-keygen -t ed25519 makes a new one',
      cause,
    },
  )
}

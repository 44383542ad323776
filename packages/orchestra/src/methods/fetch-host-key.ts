import { OrchestraError } from '../errors.ts'
import { fingerprint } from './host-key.ts'
import type { ServerTarget } from './method.ts'
import { OpensshMethod } from './openssh.ts'
import { askHostKey } from './ssh-connection.ts'

export interface HostKey {
  /** `type base64`, as it is approved and stored. */
  key: string
  /** `SHA256:...`, as people compare it. */
  fingerprint: string
}

/** The key a server presents now, for a person to approve. Nothing is sent and nobody logs in. */
export async function fetchHostKey(target: ServerTarget, timeout: number): Promise<HostKey> {
  const answer =
    target.method === 'openssh' ? await askOpenssh(target, timeout) : await askHostKey(target, timeout)
  if (answer.kind === 'host-key') return { key: answer.presented, fingerprint: fingerprint(answer.presented) }
  throw new OrchestraError('ORC_SERVER_UNREACHABLE', answer.reason, {
    hint: `Check the host and port of ${target.name}, and that an SSH server answers there`,
  })
}

async function askOpenssh(target: ServerTarget, timeout: number) {
  const method = new OpensshMethod(process.env)
  try {
    return await method.askHostKey(target, timeout)
  } finally {
    await method.close()
  }
}

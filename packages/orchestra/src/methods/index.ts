import { OrchestraError } from '../errors.ts'
import { LocalMethod } from './local.ts'
import type { Method, ServerTarget } from './method.ts'
import { OpensshMethod } from './openssh.ts'
import { SshMethod } from './ssh.ts'

export { formatAddress } from './address.ts'
export { fetchHostKey, type HostKey } from './fetch-host-key.ts'
export { fingerprint, sameHostKey } from './host-key.ts'
export type { Job, JobEnd, Method, ServerTarget } from './method.ts'
export { runProgram } from './start-program.ts'
export { untilAborted } from './until-aborted.ts'

export interface MethodsOptions {
  /** Where ssh-agent, passphrase and the environment of local scripts come from. */
  environment?: NodeJS.ProcessEnv
}

/** Every way to run scripts; `function` is the manager's own. */
export interface Methods {
  readonly ssh: Method
  readonly openssh: Method
  readonly local: Method
  for(target: ServerTarget): Method
  /** Ends all pooled connections. */
  close(): Promise<void>
}

/** Makes the methods of one worker or command. Close them when it ends. */
export function createMethods(options: MethodsOptions = {}): Methods {
  const environment = options.environment ?? process.env
  const methods = {
    ssh: new SshMethod(environment),
    openssh: new OpensshMethod(environment),
    local: new LocalMethod(environment),
  }
  const all: readonly Method[] = Object.values(methods)
  return {
    ...methods,
    for: (target) => (target.method === 'function' ? withoutScripts(target) : methods[target.method]),
    close: async () => {
      await Promise.all(all.map((method) => method.close()))
    },
  }
}

function withoutScripts(target: ServerTarget): never {
  throw new OrchestraError('ORC_SERVER_INVALID', `${target.name} runs functions, not scripts`, {
    hint: 'Route backends with shell steps to a server whose method is ssh, openssh or local',
  })
}

import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { HostRun, HostScript, TestHost } from './host.ts'
import { MethodHost } from './method-host.ts'

/** A directory that plays a server: relative paths lead into it, and it is the home of whoever runs scripts there. */
export class SandboxHost implements TestHost {
  readonly name = 'the sandbox'
  readonly directory: string
  readonly watched: readonly string[]
  readonly #host: MethodHost

  constructor(directory: string) {
    this.directory = directory
    this.watched = [directory]
    const environment = { ...process.env, HOME: directory }
    this.#host = new MethodHost(localTarget(this.name, directory), this.watched, environment)
  }

  run(script: HostScript): Promise<HostRun> {
    return this.#host.run(script)
  }

  /** Removes the directory. */
  async close(): Promise<void> {
    await this.#host.close()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** A throwaway directory of this machine. It needs bash, no root, and no server; what has an absolute path is not held back. */
export async function sandboxHost(): Promise<SandboxHost> {
  return new SandboxHost(await realpath(await mkdtemp(join(tmpdir(), 'orchestra-testing-'))))
}

function localTarget(name: string, directory: string) {
  return {
    name,
    method: 'local' as const,
    host: 'localhost',
    port: 0,
    user: userInfo().username,
    sudo: false,
    hostKey: null,
    identityFile: null,
    directory,
  }
}

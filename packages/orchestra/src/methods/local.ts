import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { messageOf } from '../errors.ts'
import { childProcess } from './child-process.ts'
import type { Job, JobEnd, Method, ProcessEnd, ServerTarget } from './method.ts'
import { endGroupCommand, jobCommand } from './remote-command.ts'
import { scriptEnvironment, startProgram } from './start-program.ts'
import { supervise } from './supervise.ts'

/** Runs scripts on this machine, each in a process group of its own. */
export class LocalMethod implements Method {
  readonly #environment: NodeJS.ProcessEnv

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = scriptEnvironment(environment)
  }

  async run(server: ServerTarget, job: Job): Promise<JobEnd> {
    if (job.signal.aborted) return { kind: 'cancelled' }
    const target = { ...server, user: userInfo().username }
    const child = await this.#start(jobCommand(target, job))
    if (typeof child === 'string') return { kind: 'unreachable', reason: `${server.name}: ${child}` }
    const endGroup = (group: number) => this.#succeeds(endGroupCommand(target, job.user, group))
    const endLogin = async () => void child.kill('SIGKILL')
    return supervise(server.name, childProcess(child, endGroup, endLogin, exited), job)
  }

  async close(): Promise<void> {}

  /** A started child, or why there is none. */
  async #start(words: readonly string[]): Promise<ChildProcessWithoutNullStreams | string> {
    const child = startProgram(words, this.#environment, 'own group')
    try {
      await once(child, 'spawn')
      return child
    } catch (error) {
      return messageOf(error)
    }
  }

  async #succeeds(words: readonly string[]): Promise<boolean> {
    const child = await this.#start(words)
    if (typeof child === 'string') return false
    child.stdout.resume()
    child.stderr.resume()
    const [code] = await once(child, 'exit')
    return code === 0
  }
}

function exited(code: number | null, signal: string | null): ProcessEnd {
  return { kind: 'exited', code, signal }
}

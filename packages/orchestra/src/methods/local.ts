import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { messageOf } from '../errors.ts'
import { childProcess } from './child-process.ts'
import type { Job, JobEnd, Method, ServerTarget } from './method.ts'
import { endGroupCommand, jobCommand } from './remote-command.ts'
import { type ProcessEnd, supervise } from './supervise.ts'

/** What a script may see of this process's environment, which also holds secrets of Orchestra. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|XDG_RUNTIME_DIR|ORCHESTRA_STATE)$/

/** Runs scripts on this machine, each in a process group of its own. */
export class LocalMethod implements Method {
  readonly #environment: NodeJS.ProcessEnv

  constructor(environment: NodeJS.ProcessEnv) {
    const entries = Object.entries(environment).filter(([name]) => passedOn.test(name))
    this.#environment = Object.fromEntries(entries)
  }

  async run(server: ServerTarget, job: Job): Promise<JobEnd> {
    if (job.signal.aborted) return { kind: 'cancelled' }
    const target = { ...server, user: userInfo().username }
    const child = await this.#start(jobCommand(target, job))
    if (typeof child === 'string') return { kind: 'unreachable', reason: `${server.name}: ${child}` }
    const endGroup = (group: number) => this.#succeeds(endGroupCommand(target, job.user, group))
    return supervise(server.name, childProcess(child, endGroup, exited), job)
  }

  async close(): Promise<void> {}

  /** A started child, or why there is none. */
  async #start(words: readonly string[]): Promise<ChildProcessWithoutNullStreams | string> {
    const [program = '', ...rest] = words
    const child = spawn(program, rest, { detached: true, env: this.#environment, stdio: 'pipe' })
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

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { messageOf } from '../errors.ts'
import { childWire } from './child-process.ts'
import type { Job, JobEnd, Method, ServerTarget } from './method.ts'
import { endGroupCommand, jobCommand, sessionCommand } from './remote-command.ts'
import { Shelf, type Starting } from './shelf.ts'
import { scriptEnvironment, startProgram } from './start-program.ts'
import { supervise } from './supervise.ts'
import type { ProcessEnd, SessionAnswer, Wire } from './wire.ts'

/** Runs scripts on this machine, in process groups of their own. */
export class LocalMethod implements Method {
  readonly #environment: NodeJS.ProcessEnv
  readonly #shelf: Shelf

  /** @param keep milliseconds for which a bash that nobody uses is kept */
  constructor(environment: NodeJS.ProcessEnv, keep?: number) {
    this.#environment = scriptEnvironment(environment)
    this.#shelf = new Shelf(keep)
  }

  async run(server: ServerTarget, job: Job): Promise<JobEnd> {
    if (job.signal.aborted) return { kind: 'cancelled' }
    const target = { ...server, user: userInfo().username }
    const opened = await this.#shelf.place(target, job, job.timeouts.connect, (starting) =>
      this.#open(target, job, starting),
    )
    if (opened.kind === 'none') return { kind: 'unreachable', reason: `${server.name}: ${opened.reason}` }
    if (opened.kind === 'denied') return opened
    const endGroup = (group: number) => this.#succeeds(endGroupCommand(target, job.user, group))
    return supervise(server.name, { ...opened.session, endGroup }, job)
  }

  async close(): Promise<void> {
    await this.#shelf.close()
  }

  async #open(target: ServerTarget, job: Job, starting: Starting): Promise<SessionAnswer<Wire>> {
    const words = starting === 'once' ? jobCommand(target, job) : sessionCommand(target, job)
    const child = await this.#start(words)
    if (typeof child === 'string') return { kind: 'none', reason: child }
    const endLogin = async () => void child.kill('SIGKILL')
    return { kind: 'session', session: childWire(child, exited, endLogin) }
  }

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

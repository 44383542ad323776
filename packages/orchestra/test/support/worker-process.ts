import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { testKey } from './stores.ts'
import type { World } from './world.ts'

/** A worker in a process of its own. */
export class WorkerProcess {
  readonly id: string
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(id: string, child: ChildProcess) {
    this.id = id
    this.#child = child
    this.#exited = once(child, 'exit')
  }

  /** As a power cut would end it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Halts it as it is: its connections stay open, and it says nothing any more. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** Lets it end in good order. */
  async stop(): Promise<void> {
    this.#child.stdin?.end()
    await this.#exited
  }
}

/**
 * @param program its path; it calls `runWorkerProgram`
 * @param more arguments behind those that it takes itself
 */
export async function startWorker(
  world: World,
  program: string,
  ...more: readonly string[]
): Promise<WorkerProcess> {
  const { databaseUrl } = world.store
  const child = spawn(process.execPath, [program, databaseUrl, world.directory, testKey, ...more], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return new WorkerProcess(String(line).trim(), child)
}

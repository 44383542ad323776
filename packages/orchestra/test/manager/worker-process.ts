import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { testKey } from '../support/stores.ts'
import type { World } from '../support/world.ts'

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

  /** Lets it end in good order. */
  async stop(): Promise<void> {
    this.#child.stdin?.end()
    await this.#exited
  }
}

export async function startWorker(
  world: World,
  program = join(import.meta.dirname, 'chaos-worker.ts'),
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [program, world.store.databaseUrl, world.directory, testKey], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return new WorkerProcess(String(line).trim(), child)
}

import { join } from 'node:path'
import { startWorker, type WorkerProcess } from '../support/worker-process.ts'
import type { World } from '../support/world.ts'
import type { Crew } from './town.ts'

/** Workers of this process; one that is replaced ends in the middle of what it does. */
export class LocalCrew implements Crew {
  readonly #world: World
  readonly #size: number
  #workers: Awaited<ReturnType<World['work']>>[] = []

  constructor(world: World, size: number) {
    this.#world = world
    this.#size = size
  }

  async start(): Promise<void> {
    this.#workers = await Promise.all(Array.from({ length: this.#size }, () => this.#world.work()))
  }

  async replace(): Promise<void> {
    await this.#workers.shift()?.stop({ grace: 0 })
    this.#workers.push(await this.#world.work())
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop({ grace: 1_000 })))
  }
}

/** Workers as processes of their own; one that is replaced is killed as a power cut would. */
export class ProcessCrew implements Crew {
  readonly #world: World
  #workers: WorkerProcess[] = []

  constructor(world: World) {
    this.#world = world
  }

  async start(): Promise<void> {
    this.#workers = [await this.#hire(), await this.#hire()]
  }

  async replace(): Promise<void> {
    const dead = this.#workers.shift()
    await dead?.kill()
    // Its leases end now, and not only when they have run out.
    const { store } = this.#world
    await store.query(`update orchestra.lane set expires_at = '-infinity' where owner = $1`, [dead?.id])
    await store.query(`update orchestra.transfer set expires_at = '-infinity' where owner = $1`, [dead?.id])
    this.#workers.push(await this.#hire())
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }

  #hire(): Promise<WorkerProcess> {
    return startWorker(this.#world, join(import.meta.dirname, 'box-worker.ts'))
  }
}

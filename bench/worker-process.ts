import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * Megabytes of objects that V8 may keep in a worker. Without a bound it puts off collecting garbage for as long as the machine has
 * memory, and what is measured is the machine's.
 */
export const WORKER_HEAP = 192
/** Megabytes of each half of the young generation: what docs/operations.md says to set. V8 takes up to 32 otherwise. */
const YOUNG_HALF = 8

/** Bytes of memory that the worker has, and had at most since the last question. */
export interface Memory {
  now: number
  peak: number
}

/** A worker as a process of its own. */
export interface WorkerProcess {
  pid: number
  memory(): Promise<Memory>
  stop(): Promise<void>
}

/** @param project the file of this folder that has its configuration */
export async function startWorker(
  databaseUrl: string,
  directory: string,
  project = 'project.ts',
): Promise<WorkerProcess> {
  const program = new URL('worker.ts', import.meta.url).pathname
  const worker = fork(program, [databaseUrl, directory, project], {
    execArgv: [`--max-old-space-size=${WORKER_HEAP}`, `--max-semi-space-size=${YOUNG_HALF}`],
  })
  const early = once(worker, 'exit').then(() => Promise.reject(new Error('The worker did not start')))
  await Promise.race([once(worker, 'message'), early])
  early.catch(() => undefined)
  return {
    pid: worker.pid ?? 0,
    memory: () => ask(worker, 'memory') as Promise<Memory>,
    stop: () => stopWorker(worker),
  }
}

async function ask(worker: ChildProcess, question: string): Promise<unknown> {
  const answered = once(worker, 'message')
  worker.send(question)
  const [answer] = await answered
  return answer
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit')
  worker.send('stop')
  await ended
}

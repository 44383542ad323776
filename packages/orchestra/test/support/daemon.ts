import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { User } from './postgres-program.ts'

export interface Command {
  program: string
  words: readonly string[]
  /** Where it runs: ours may be one that its user cannot enter. */
  directory: string
  /** Who runs it; undefined is whoever we are. */
  user: User | undefined
}

export interface Ending {
  /** The signal after which it puts everything in order. */
  calmly: NodeJS.Signals
  /** The signal after which it leaves everything as it is, for when there is no time. */
  atOnce: NodeJS.Signals
  afterwards(): void
}

interface Spawned {
  child: ChildProcess
  /** What it said on stderr. */
  said(): string
}

function spawnAs({ program, words, directory, user }: Command): Spawned {
  const env = { ...process.env, LC_ALL: 'C' }
  const child = spawn(program, words, { cwd: directory, env, stdio: ['ignore', 'ignore', 'pipe'], ...user })
  let text = ''
  child.stderr.on('data', (bytes: Buffer) => {
    text = `${text}${bytes}`.slice(-10_000)
  })
  return { child, said: () => text }
}

/** Runs a program; that it fails is an error with what it said. */
export async function runToEnd(command: Command): Promise<void> {
  const { child, said } = spawnAs(command)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command.program} ended with ${code}: ${said()}`)
}

/** Starts a program that stays, and waits until it says that it is ready. */
export async function launch(command: Command, ready: string): Promise<ChildProcess> {
  const { child, said } = spawnAs(command)
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', () => said().includes(ready) && resolve())
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`${command.program} ended with ${code}: ${said()}`)))
  })
  return child
}

const left = new Map<ChildProcess, Ending>()

/** Answers how to end a program; if nobody does so, it ends when we do. */
export function endWithUs(child: ChildProcess, ending: Ending): () => Promise<void> {
  watchOurEnd()
  left.set(child, ending)
  return async () => {
    if (!left.delete(child)) return
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(ending.calmly)
      await once(child, 'exit')
    }
    ending.afterwards()
  }
}

let isWatched = false

function watchOurEnd(): void {
  if (isWatched) return
  isWatched = true
  process.once('exit', endAllAtOnce)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      endAllAtOnce()
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    })
}

function endAllAtOnce(): void {
  for (const [child, ending] of left) {
    child.kill(ending.atOnce)
    ending.afterwards()
  }
  left.clear()
}

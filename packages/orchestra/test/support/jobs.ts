import { randomUUID } from 'node:crypto'
import type { Job } from '../../src/methods/method.ts'
import { endLine } from '../../src/script/bootstrap.ts'
import { until } from './processes.ts'

/** A job that keeps what it printed. */
export interface RecordedJob extends Job {
  readonly started: () => boolean
  readonly stdout: () => Buffer
  readonly stderr: () => Buffer
  /** Resolves when stdout holds a text. */
  printed(text: string): Promise<void>
}

/** A job that runs these lines of bash and keeps their output. */
export function recordedJob(lines: string, overrides: Partial<Job> = {}): RecordedJob {
  const runId = randomUUID()
  const kept: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] }
  let started = false
  const stdout = () => Buffer.concat(kept.stdout)
  return {
    runId,
    script: Buffer.from(`${lines}\n${endLine(runId)}\n`),
    interpreter: null,
    user: null,
    timeouts: { connect: 5_000, idle: 20_000, total: 60_000 },
    signal: new AbortController().signal,
    onStart: () => {
      started = true
    },
    onOutput: (stream, bytes) => {
      kept[stream].push(Uint8Array.from(bytes))
    },
    started: () => started,
    stdout,
    stderr: () => Buffer.concat(kept.stderr),
    printed: (text) => until(`output ${JSON.stringify(text)}`, () => stdout().includes(text)),
    ...overrides,
  }
}

/** A sleep that can be told from every other one in the list of processes. */
export function uniqueSleep(): string {
  return `sleep ${100_000 + Math.floor(Math.random() * 1e9)}.${Date.now() % 1e6}`
}

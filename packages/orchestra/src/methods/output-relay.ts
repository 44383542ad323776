import type { Readable } from 'node:stream'
import { GroupLine } from './group-line.ts'
import type { Job } from './method.ts'

type StreamName = 'stdout' | 'stderr'

/** How much of what a login prints instead of starting the script is kept to explain it. */
const keptGreeting = 2048

/**
 * Passes the output of a job on, and holds both streams back while the job is busy with what it has: they share
 * one window of the connection, and the order between them stays as it came.
 */
export class OutputRelay {
  /** Resolves with the process group once the bootstrap has told it, with null when it never will. */
  readonly group: Promise<number | null>
  /** Rejects when the job's own `onOutput` failed. */
  readonly failed: Promise<never>
  lastByteAt = Date.now()
  readonly #job: Job
  readonly #line: GroupLine
  readonly #streams: readonly Readable[]
  #tellGroup: (group: number | null) => void = () => {}
  #fail: (error: unknown) => void = () => {}
  #begun = false
  #greeting = ''
  #handedOver: Promise<void> = Promise.resolve()
  #holds = 0
  #ended = false

  constructor(stdout: Readable, stderr: Readable, job: Job) {
    this.#job = job
    this.#line = new GroupLine(job.runId)
    this.#streams = [stdout, stderr]
    this.group = new Promise((resolve) => {
      this.#tellGroup = resolve
    })
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
    stdout.on('data', (bytes: Buffer) => this.#take('stdout', bytes))
    stderr.on('data', (bytes: Buffer) => this.#take('stderr', bytes))
  }

  /** Whether the bootstrap runs, and with it perhaps the script. */
  get begun(): boolean {
    return this.#begun
  }

  /** What was printed where the bootstrap should have begun. */
  get greeting(): string {
    return this.#greeting.trim()
  }

  /** Milliseconds since the last byte; none pass while the job holds the streams back. */
  get quiet(): number {
    return this.#holds > 0 ? 0 : Date.now() - this.lastByteAt
  }

  /** Hands over what is left and resolves when the job has taken all of it. Nothing is passed on after. */
  async finish(): Promise<void> {
    if (!this.#begun) this.#pass('stdout', this.#line.rest())
    this.#ended = true
    this.#tellGroup(null)
    await this.#handedOver
  }

  #take(name: StreamName, bytes: Buffer): void {
    if (this.#ended) return
    this.lastByteAt = Date.now()
    if (!this.#begun) this.#greet(bytes)
    this.#pass(name, name === 'stdout' ? this.#sift(bytes) : bytes)
  }

  #sift(bytes: Buffer): Uint8Array {
    const { output, group } = this.#line.sift(bytes)
    if (group !== null) {
      this.#begun = true
      this.#tellGroup(group)
    }
    return output
  }

  #greet(bytes: Buffer): void {
    this.#greeting = (this.#greeting + bytes.toString('utf8')).slice(0, keptGreeting)
  }

  #pass(name: StreamName, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    try {
      const taken = this.#job.onOutput(name, bytes)
      if (taken instanceof Promise) this.#holdUntil(taken)
    } catch (error) {
      this.#fail(error)
    }
  }

  #holdUntil(taken: Promise<void>): void {
    this.#holds += 1
    for (const stream of this.#streams) stream.pause()
    const release = taken.then(() => this.#release(), this.#fail)
    this.#handedOver = Promise.all([this.#handedOver, release]).then(() => {})
  }

  #release(): void {
    this.#holds -= 1
    this.lastByteAt = Date.now()
    if (this.#holds === 0) for (const stream of this.#streams) stream.resume()
  }
}

import { GroupLine } from './group-line.ts'
import type { Job } from './method.ts'
import { saying } from './saying.ts'
import type { Output } from './wire.ts'

type StreamName = 'stdout' | 'stderr'

/** How much of what a login prints instead of starting the script is kept to explain it: the last of it. */
const keptGreeting = 2048
/** A login that prints more than this before the script's bash begins is taken for one that never ends. */
const longestGreeting = 16 * 1024 * 1024

/**
 * Passes the output of a job on, and holds both streams back while the job is busy with what it has: they share
 * one window of the connection, and the order between them stays as it came. What comes before the bootstrap's line is the
 * login's, and is kept only to explain why that line does not come.
 */
export class OutputRelay {
  /** Resolves with the process group once the bootstrap has told it, with null when it never will. */
  readonly group: Promise<number | null>
  /** Rejects when the job's own `onOutput` failed. */
  readonly failed: Promise<never>
  /** Resolves when a login prints so much that nobody waits for the bootstrap any more. */
  readonly endless: Promise<void>
  lastByteAt = Date.now()
  readonly #job: Job
  readonly #line: GroupLine
  readonly #streams: readonly Output[]
  #tellGroup: (group: number | null) => void = () => {}
  #fail: (error: unknown) => void = () => {}
  #tellEndless: () => void = () => {}
  #begun = false
  #greeted = 0
  #greeting: Buffer = Buffer.alloc(0)
  #handedOver: Promise<void> = Promise.resolve()
  #holds = 0
  #ended = false

  constructor(stdout: Output, stderr: Output, job: Job) {
    this.#job = job
    this.#line = new GroupLine(job.runId)
    this.#streams = [stdout, stderr]
    this.group = new Promise((resolve) => {
      this.#tellGroup = resolve
    })
    this.endless = new Promise((resolve) => {
      this.#tellEndless = resolve
    })
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
    stdout.on('data', (bytes: Buffer) => this.#take('stdout', bytes))
    stderr.on('data', (bytes: Buffer) => this.#take('stderr', bytes))
    // Whoever looked at a stream before may have left it paused, and a listener alone does not wake it.
    for (const stream of this.#streams) stream.resume()
  }

  /** The last of what was printed where the bootstrap should have begun. */
  get greeting(): string {
    return saying(this.#greeting)
  }

  /** Milliseconds since the last byte; none pass while the job holds the streams back. */
  get quiet(): number {
    return this.#holds > 0 ? 0 : Date.now() - this.lastByteAt
  }

  /** Resolves when the job has taken all that came. Nothing is passed on after. */
  async finish(): Promise<void> {
    this.#ended = true
    this.#tellGroup(null)
    await this.#handedOver
  }

  #take(name: StreamName, bytes: Buffer): void {
    if (this.#ended) return
    this.lastByteAt = Date.now()
    if (this.#begun) this.#pass(name, bytes)
    else if (name === 'stderr') this.#greet(bytes)
    else this.#sift(bytes)
  }

  #sift(bytes: Buffer): void {
    const { output, group } = this.#line.sift(bytes)
    if (group === null) this.#greet(bytes)
    else {
      this.#begun = true
      this.#greeting = Buffer.alloc(0)
      this.#tellGroup(group)
      this.#pass('stdout', output)
    }
  }

  #greet(bytes: Buffer): void {
    this.#greeted += bytes.length
    if (this.#greeted > longestGreeting) this.#tellEndless()
    this.#greeting = Buffer.concat([this.#greeting, bytes.subarray(-keptGreeting)]).subarray(-keptGreeting)
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

import { randomBytes } from 'node:crypto'
import { endLine } from '../script/bootstrap.ts'
import { parted } from '../script/prelude.ts'
import { FramedOutput } from './framed-output.ts'
import type { Job } from './method.ts'
import { type Bash, bytesOf, type ProcessEnd, type Wire } from './wire.ts'
import { within } from './within.ts'

/** A login that is older does not know what changed for it since: its groups, its limits. */
const oldest = 300_000

/** How long one that is idle may take to see that its stdin has ended. */
const closePatience = 1000

/** Whether a bash that stays takes another script. */
export type Answer = 'ready' | 'silent' | 'ended'

/**
 * A bash that stays between scripts, and what scripts have in common stays in it; see `session.sh` for the other side. One script at a
 * time is in it. It takes no other after one that was ended, or of which something may be left.
 */
export class Session {
  readonly #wire: Wire
  readonly #born = Date.now()
  #frame: Frame
  #ground: Uint8Array | null = null
  #isOver = false
  #whenFree: () => void = () => {}
  #whenOver: () => void = () => {}

  /** A bash that was started for the script of this run. */
  constructor(wire: Wire) {
    this.#wire = wire
    this.#frame = new Frame(wire)
    wire.stdin.on('error', () => {})
    wire.stdout.on('data', (bytes: Buffer) => this.#frame.stdout.push(bytes)).pause()
    wire.stderr.on('data', (bytes: Buffer) => this.#frame.stderr.push(bytes)).pause()
    wire.stdout.once('end', () => this.#frame.stdout.end())
    wire.stderr.once('end', () => this.#frame.stderr.end())
    const over = () => {
      this.#isOver = true
      this.#whenOver()
    }
    wire.exited.then(over, over)
  }

  /** Whether it has ended, or must not be used again. */
  get isOver(): boolean {
    return this.#isOver || this.#frame.strayed
  }

  /** Asks for a place for the next script; nothing of it is sent. */
  async ask(runId: string, patience: number): Promise<Answer> {
    if (this.isOver) return 'ended'
    this.#frame = new Frame(this.#wire)
    const ready = new Promise<Answer>((resolve) => this.#frame.stdout.onFirst(() => resolve('ready')))
    const ended = this.#wire.exited.then((): Answer => 'ended')
    this.#wire.stdin.write(`${endLine(runId)}\n`)
    return within(Promise.race([ready, ended]), patience, 'silent')
  }

  /** The place for the script that this was started or asked for. */
  place(whenFree: () => void): Bash {
    const { stdout, stderr, exited, closed } = this.#frame
    this.#whenFree = whenFree
    return {
      stdout,
      stderr,
      exited,
      closed,
      endLogin: () => this.#wire.endLogin(),
      send: (job) => this.#send(job),
      giveUp: () => {
        this.#isOver = true
      },
      leave: () => this.#leave(),
    }
  }

  /** Calls back when it ends by itself. */
  onOver(listener: () => void): void {
    this.#whenOver = listener
  }

  /** No script comes any more, and nothing of it is waited for. */
  end(): void {
    this.#isOver = true
    this.#wire.stdin.end()
    this.#wire.abandon()
  }

  /** No script comes any more; resolves when it has ended. */
  async close(): Promise<void> {
    this.#isOver = true
    this.#wire.stdin.end()
    await within(this.#wire.exited, closePatience, null)
    this.#wire.abandon()
  }

  /** A line with what follows: the ground, unless it is there, and the script. */
  #send(job: Job): void {
    const script = bytesOf(job.script)
    const parts = parted(script, endLine(job.runId)) ?? { ground: null, rest: [script] }
    const isNew = parts.ground !== null && parts.ground !== this.#ground
    const ground = isNew && parts.ground !== null ? [parts.ground] : []
    if (parts.ground !== null) this.#ground = parts.ground
    const sizes = [ground, parts.rest].map(sizeOf)
    const line = Buffer.from(`${this.#frame.token} ${sizes.join(' ')}\n`)
    for (const piece of joined([line, ...ground, ...parts.rest])) this.#wire.stdin.write(piece)
  }

  #leave(): void {
    const { hasEnded } = this.#frame
    if (!hasEnded || this.isOver || Date.now() - this.#born > oldest) this.end()
    else {
      // What comes before the next script is heard, and spoils it.
      this.#wire.stdout.resume()
      this.#wire.stderr.resume()
      this.#whenFree()
    }
  }
}

/** Bytes that are copied to be sent at once. */
const mostCopied = 256 * 1024

function joined(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  return sizeOf(pieces) > mostCopied ? pieces : [Buffer.concat(pieces)]
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** One script of a session. */
class Frame {
  readonly token = randomBytes(16).toString('hex')
  readonly stdout: FramedOutput
  readonly stderr: FramedOutput
  readonly exited: Promise<ProcessEnd>
  readonly closed: Promise<ProcessEnd>

  constructor(wire: Wire) {
    this.stdout = new FramedOutput(wire.stdout, this.token)
    this.stderr = new FramedOutput(wire.stderr, this.token)
    const told = this.stdout.ended.then(endOf)
    const both = Promise.all([told, this.stderr.ended]).then(([end]) => end)
    this.exited = Promise.race([told, wire.exited])
    this.closed = Promise.race([both, wire.closed])
  }

  get hasEnded(): boolean {
    return this.stdout.hasEnded && this.stderr.hasEnded
  }

  get strayed(): boolean {
    return this.stdout.strayed || this.stderr.strayed
  }
}

function endOf(record: string): ProcessEnd {
  return { kind: 'exited', code: Number(record.split(' ')[1]), signal: null }
}

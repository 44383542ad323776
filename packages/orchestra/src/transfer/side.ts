import type { Readable } from 'node:stream'
import type { Backend, Timeouts } from '../config/backend.ts'
import {
  createLog,
  type EndState,
  finishLog,
  type LogEnd,
  PendingOutput,
  SecretIndex,
} from '../logs/index.ts'
import { persist } from '../logs/persist.ts'
import type { Methods } from '../methods/index.ts'
import type { TransferScript } from '../script/index.ts'
import { type ServerRow, toTarget } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { type Exchange, send } from '../talk/index.ts'
import { MOST_SAID } from './limits.ts'
import type { Part } from './pipe.ts'
import { lastWords, Saying } from './saying.ts'
import { type SideTrouble, troubleOf } from './trouble.ts'

export interface SideOptions<Script extends TransferScript> {
  store: Store
  methods: Methods
  /** `restore` */
  what: string
  server: ServerRow
  backend: Backend
  attempt: number
  script: Script
  signal: AbortSignal
}

interface Streams {
  reader?: { push(bytes: Uint8Array): void }
  input?: Readable
}

/** One script of a transfer on one of its servers, with what it says. */
export class Side<Script extends TransferScript = TransferScript> {
  readonly script: Script
  /** `restore on web2` */
  readonly name: string
  readonly #options: SideOptions<Script>
  readonly #stdout: Saying
  readonly #stderr: Saying
  /** The end of what it complained of, once it has ended. */
  lastWords = ''
  #heard: Record<'stdout' | 'stderr', Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  readonly #tooMuch = new AbortController()
  #saidBytes = 0

  constructor(options: SideOptions<Script>) {
    this.#options = options
    this.script = options.script
    this.name = `${options.what} on ${options.server.name}`
    const secrets = new SecretIndex(
      options.script.secrets.map((one) => ({ name: one.name, value: one.reveal() })),
    )
    this.#stdout = new Saying(secrets)
    this.#stderr = new Saying(secrets)
  }

  run = ({ signal, push, ...part }: Part): Promise<Exchange<never>> => {
    const { store, methods, server, backend } = this.#options
    const message = {
      runId: this.script.runId,
      text: this.script.text,
      user: backend.user ?? null,
      signal: AbortSignal.any([signal, this.#tooMuch.signal]),
      noting: { store, serverId: server.id },
      ...part,
    }
    return send<never>(methods, toTarget(server), message, {
      push,
      end: () => ({ answer: null, said: this.#end() }),
    })
  }

  onOutput = (stream: 'stdout' | 'stderr', bytes: Uint8Array): void => {
    const saying = stream === 'stdout' ? this.#stdout : this.#stderr
    saying.push(bytes)
    this.#count(bytes)
  }

  /** It printed more beside the data than anybody reads. */
  get isTooLoud(): boolean {
    return this.#tooMuch.signal.aborted
  }

  #count(bytes: Uint8Array): void {
    this.#saidBytes += bytes.length
    if (this.#saidBytes > MOST_SAID) this.#tooMuch.abort()
  }

  /** Runs the script by itself; its stdout goes to `reader`, if there is one, and `input` behind the script. */
  runAlone(timeouts: Timeouts, { reader, input }: Streams = {}): Promise<Exchange<never>> {
    return this.run({
      timeouts,
      signal: this.#options.signal,
      ...(input !== undefined && { input }),
      push: (stream, bytes) => {
        if (stream === 'stderr' || reader === undefined) return this.onOutput(stream, bytes)
        reader.push(bytes)
        this.#count(bytes)
      },
    })
  }

  #end(): string {
    this.#heard = { stdout: this.#stdout.end(), stderr: this.#stderr.end() }
    this.lastWords = lastWords(this.#heard.stderr)
    return this.lastWords
  }

  /** Keeps a log of it, and says what went wrong; null is success, or that it was not begun. */
  async conclude(exchange: Exchange<never> | null): Promise<SideTrouble | null> {
    if (exchange === null) return null
    const trouble = troubleOf(this.name, exchange)
    await this.#log(exchange, trouble)
    return trouble
  }

  /** Written when it has ended: a log that is open is a script of the lane. */
  async #log(exchange: Exchange<never>, trouble: SideTrouble | null): Promise<void> {
    const { stdout, stderr } = this.#heard
    const { store, server, backend, attempt, script, signal } = this.#options
    const output = new PendingOutput()
    output.add('stdout', null, stdout)
    output.add('stderr', null, stderr)
    const chunks = output.take(Number.POSITIVE_INFINITY)
    const log = {
      runId: script.runId,
      serverId: server.id,
      backend: backend.name,
      method: server.method,
      script: script.masked,
      fence: 0,
      attempt,
      operations: [],
    }
    const rest = { chunks, outputBytes: stdout.length + stderr.length, startedAgo: 0 }
    await persist(signal, () =>
      store.transaction(async (tx) => {
        await finishLog(tx, await createLog(tx, log), stateOf(exchange, trouble), rest)
      }),
    )
  }
}

function stateOf(exchange: Exchange<never>, trouble: SideTrouble | null): LogEnd {
  const error = trouble === null ? null : 'reason' in trouble ? trouble.reason : 'it was stopped'
  return { state: endState(exchange, trouble), exitCode: exchange.exit, error }
}

function endState({ verdict, exit }: Exchange<never>, trouble: SideTrouble | null): EndState {
  if (trouble === null) return 'SUCCESS'
  if (trouble.kind === 'stopped') return 'ABORTED'
  if (verdict.kind !== 'ran') return exit === null ? 'ERROR' : 'FAILURE'
  return verdict.rest === 'timeout' ? 'TIMEOUT' : 'FAILURE'
}

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
import type { Job, JobEnd, Methods } from '../methods/index.ts'
import type { TransferScript } from '../script/index.ts'
import { recordPresentedKey, type ServerRow, toTarget } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { MOST_SAID } from './limits.ts'
import { lastWords, Saying } from './saying.ts'
import { type JobVerdict, verdictOf } from './verdict.ts'

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
  readonly user: string | null
  /** `restore on web2` */
  readonly name: string
  readonly #options: SideOptions<Script>
  readonly #stdout: Saying
  readonly #stderr: Saying
  /** The end of what it complained of, once it is concluded. */
  lastWords = ''
  readonly #tooMuch = new AbortController()
  #saidBytes = 0

  constructor(options: SideOptions<Script>) {
    this.#options = options
    this.script = options.script
    this.user = options.backend.user ?? null
    this.name = `${options.what} on ${options.server.name}`
    const secrets = new SecretIndex(
      options.script.secrets.map((one) => ({ name: one.name, value: one.reveal() })),
    )
    this.#stdout = new Saying(secrets)
    this.#stderr = new Saying(secrets)
  }

  run = async (job: Job): Promise<JobEnd> => {
    const target = toTarget(this.#options.server)
    const signal = AbortSignal.any([job.signal, this.#tooMuch.signal])
    return this.#options.methods.for(target).run(target, { ...job, signal })
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
  runAlone(timeouts: Timeouts, { reader, input }: Streams = {}): Promise<JobEnd> {
    return this.run({
      runId: this.script.runId,
      script: Buffer.from(this.script.text),
      interpreter: null,
      user: this.user,
      timeouts,
      signal: this.#options.signal,
      ...(input !== undefined && { input }),
      onStart: () => undefined,
      onOutput: (stream, bytes) => {
        if (stream === 'stderr' || reader === undefined) return this.onOutput(stream, bytes)
        reader.push(bytes)
        this.#count(bytes)
      },
    })
  }

  /** Keeps a log of it, and says what its end means; null is success, or that it was not begun. */
  async conclude(end: JobEnd | null): Promise<JobVerdict | null> {
    if (end === null) return null
    const stderr = this.#stderr.end()
    this.lastWords = lastWords(stderr)
    const verdict = verdictOf(this.name, end, this.lastWords)
    await this.#log(end, verdict, this.#stdout.end(), stderr)
    if (end.kind === 'host-key') await this.#recordKey(end.presented)
    return verdict
  }

  #recordKey(presented: string): Promise<void> {
    const { store, server, signal } = this.#options
    return persist(signal, async () => {
      await recordPresentedKey(store, server.id, presented)
    })
  }

  /** Written when it has ended: a log that is open is a script of the lane. */
  async #log(end: JobEnd, verdict: JobVerdict | null, stdout: Buffer, stderr: Buffer): Promise<void> {
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
        await finishLog(tx, await createLog(tx, log), stateOf(end, verdict), rest)
      }),
    )
  }
}

function stateOf(end: JobEnd, verdict: JobVerdict | null): LogEnd {
  const exitCode = end.kind === 'exited' ? end.code : null
  const error = verdict === null ? null : 'reason' in verdict ? verdict.reason : 'it was stopped'
  return { state: endState(end, verdict), exitCode, error }
}

function endState(end: JobEnd, verdict: JobVerdict | null): EndState {
  if (verdict === null) return 'SUCCESS'
  if (verdict.kind === 'stopped') return 'ABORTED'
  if (end.kind === 'timeout') return 'TIMEOUT'
  return end.kind === 'exited' ? 'FAILURE' : 'ERROR'
}

import { createMethods, type Methods, type ServerTarget } from '../methods/index.ts'
import { BoundedBytes } from '../script/index.ts'
import { send } from '../talk/index.ts'
import { failure } from './failure.ts'
import type { HostRun, HostScript, TestHost } from './host.ts'

/** Bytes of one stream of a script. */
const mostOutput = 256 * 1024 * 1024

const timeouts = { connect: 15_000, idle: 60_000, total: 300_000 }

/** A host that is reached as a worker reaches its servers. */
export class MethodHost implements TestHost {
  readonly watched: readonly string[]
  readonly #target: ServerTarget
  readonly #methods: Methods

  constructor(target: ServerTarget, watched: readonly string[], environment?: NodeJS.ProcessEnv) {
    this.watched = watched
    this.#target = target
    this.#methods = createMethods(environment === undefined ? {} : { environment })
  }

  get name(): string {
    return this.#target.name
  }

  async run({ runId, text, user }: HostScript): Promise<HostRun> {
    const streams = {
      stdout: new BoundedBytes(mostOutput, `the output of a script on ${this.name}`),
      stderr: new BoundedBytes(mostOutput, `what a script on ${this.name} complains of`),
    }
    const message = { runId, text, user, timeouts, signal: new AbortController().signal }
    const { exit, verdict, answer } = await send<Omit<HostRun, 'code'>>(
      this.#methods,
      this.#target,
      message,
      {
        push: (stream, bytes) => streams[stream].push(bytes),
        end: () => ({ answer: { stdout: streams.stdout.end(), stderr: streams.stderr.end() }, said: '' }),
      },
    )
    const wasKilled = verdict.kind === 'ran' && verdict.rest === 'failure'
    if (answer !== null && (exit !== null || wasKilled)) return { code: exit, ...answer }
    const why = 'reason' in verdict ? verdict.reason : verdict.kind
    throw failure(`The script on ${this.name} did not come to its end: ${why}`)
  }

  close(): Promise<void> {
    return this.#methods.close()
  }
}

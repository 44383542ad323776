import { createMethods, type JobEnd, type Methods, type ServerTarget } from '../methods/index.ts'
import { Collected } from '../script/index.ts'
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
      stdout: new Collected(mostOutput, `the output of a script on ${this.name}`),
      stderr: new Collected(mostOutput, `what a script on ${this.name} complains of`),
    }
    const end = await this.#methods.for(this.#target).run(this.#target, {
      runId,
      script: Buffer.from(text),
      interpreter: null,
      user,
      timeouts,
      signal: new AbortController().signal,
      onStart: () => undefined,
      onOutput: (stream, bytes) => streams[stream].push(bytes),
    })
    const [stdout, stderr] = [streams.stdout.end(), streams.stderr.end()]
    return { code: codeOf(this.name, end), stdout, stderr }
  }

  close(): Promise<void> {
    return this.#methods.close()
  }
}

function codeOf(name: string, end: JobEnd): number | null {
  if (end.kind === 'exited') return end.code
  const why =
    'reason' in end ? end.reason : end.kind === 'timeout' ? `its ${end.which} timeout passed` : end.kind
  throw failure(`The script on ${name} did not come to its end: ${why}`)
}

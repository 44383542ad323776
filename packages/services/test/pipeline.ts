import { randomUUID } from 'node:crypto'
import type { Backend } from 'orchestrajs'
import type { LabHost } from '../../../lab/index.ts'
import { createMethods } from '../../orchestra/src/methods/index.ts'
import type { ServerTarget } from '../../orchestra/src/methods/method.ts'
import {
  createOutputParser,
  record,
  recordOperation,
  renderScript,
  type ScriptEvent,
} from '../../orchestra/src/script/index.ts'

/** An operation as these tests write it: what to do with which object. */
export type Wanted = readonly [action: string, object: unknown]

export interface Ran {
  /** `ok changed`, `failed unchanged`, ... by the operations' order; `not rendered: ...` where there was no script. */
  results: string[]
  /** What each operation wrote, both streams together. */
  outputs: string[]
  /** Reloads and restarts in the order they ran: `reload nginx ok`. */
  reloads: string[]
  masked: string
}

/** The way of a script to a host and back, without queue and store: render, run by SSH, parse. */
export class Pipeline implements AsyncDisposable {
  readonly #methods = createMethods()
  readonly #clientKeyPath: string

  constructor(clientKeyPath: string) {
    this.#clientKeyPath = clientKeyPath
  }

  async run(host: LabHost, backend: Backend, operations: readonly Wanted[]): Promise<Ran> {
    const runId = randomUUID()
    const script = renderScript({
      runId,
      backend: backend.name,
      server: host.name,
      fence: 1,
      operations: operations.map(([action, object], index) => ({
        index,
        label: `${action} ${index}`,
        action,
        recording: recordOperation(backend, action, object as never),
      })),
      ...(backend.prepare && { prepare: record('prepare', backend.prepare) }),
      ...(backend.commit && { commit: record('commit', backend.commit) }),
    })
    const ran: Ran = {
      results: operations.map(() => 'no result'),
      outputs: operations.map(() => ''),
      reloads: [],
      masked: script.masked,
    }
    for (const { index, error } of script.failures) ran.results[index] = `not rendered: ${error.message}`
    const parser = createOutputParser(script.token, (event) => note(ran, event))
    const end = await this.#methods.ssh.run(this.#target(host), {
      runId,
      script: Buffer.from(script.text),
      interpreter: null,
      user: null,
      timeouts: { connect: 5_000, idle: 30_000, total: 60_000 },
      signal: new AbortController().signal,
      onStart: () => {},
      onOutput: (stream, bytes) => parser.push(stream, bytes),
    })
    parser.end()
    if (end.kind !== 'exited') throw new Error(`The script ended so: ${JSON.stringify(end)}`)
    return ran
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#methods.close()
  }

  #target({ name, address, port, hostKey }: LabHost): ServerTarget {
    return {
      name,
      method: 'ssh',
      host: address,
      port,
      user: 'root',
      sudo: false,
      hostKey,
      identityFile: this.#clientKeyPath,
      directory: null,
    }
  }
}

function note(ran: Ran, event: ScriptEvent): void {
  if (event.kind === 'output' && typeof event.index === 'number') {
    ran.outputs[event.index] += Buffer.from(event.bytes).toString()
  } else if (event.kind === 'result' && typeof event.result.index === 'number') {
    ran.results[event.result.index] = `${event.result.status} ${event.result.change}`
  } else if (event.kind === 'reload') {
    ran.reloads.push(`${event.result.verb} ${event.result.service} ${event.result.status}`)
  }
}

import { randomUUID } from 'node:crypto'
import { type Backend, type Command, defineConfig, type ServerRow } from 'orchestrajs'
import type { LabHost } from '../../../lab/index.ts'
import { createMethods } from '../../orchestra/src/methods/index.ts'
import type { ServerTarget } from '../../orchestra/src/methods/method.ts'
import { standingOf } from '../../orchestra/src/recording/ownership.ts'
import {
  createOutputParser,
  type Ownership,
  type Recording,
  record,
  recordAlone,
  recordOperation,
  renderScript,
  type ScriptEvent,
} from '../../orchestra/src/script/index.ts'
import { readShell } from '../../orchestra/src/script/shell-file.ts'
import {
  listTrash,
  restoreTrash,
  type TrashContext,
  type TrashEntry,
} from '../../orchestra/src/trash/index.ts'

/** An operation as these tests write it: what to do with which object; `rename` and the object as it was. */
export type Wanted = readonly [action: string, object: unknown, previous?: unknown]

export interface Ran {
  /** `ok changed`, `failed unchanged`, ... by the operations' order; `not rendered: ...` where there was no script. */
  results: string[]
  /** What each operation wrote, both streams together. */
  outputs: string[]
  /** Reloads and restarts in the order they ran: `reload nginx ok`. */
  reloads: string[]
  masked: string
}

/** What is saved is ours, without a question: these tests are about what the scripts do. */
function ownershipOfWanted(backend: Backend, action: string, object: unknown): Ownership {
  if (action !== 'save' || backend.identity === undefined) return { rights: [], disown: [] }
  const named = { identity: backend.identity(object as never), object: object as Record<string, unknown> }
  return { rights: [{ kind: 'adopts', standing: standingOf(backend, named) }], disown: [] }
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
      operations: operations.map(([action, object, previous], index) => ({
        index,
        label: `${action} ${index}`,
        action,
        recording: recordWanted(backend, action, object, previous),
        ownership: () => ownershipOfWanted(backend, action, object),
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

  trash(host: LabHost): Promise<TrashEntry[]> {
    return listTrash(this.#trashContext, this.#row(host))
  }

  restore(host: LabHost, id: string): Promise<TrashEntry> {
    return restoreTrash(this.#trashContext, this.#row(host), id)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#methods.close()
  }

  get #trashContext(): TrashContext {
    return { config: defineConfig({ models: [], backends: [] }), methods: this.#methods }
  }

  #row(host: LabHost): ServerRow {
    const { user, hostKey, identityFile, ...rest } = this.#target(host)
    const held = { held_at: null, held_by: null, held_reason: null, presented_key: null }
    return {
      id: 1,
      ...rest,
      ...held,
      login: user,
      host_key: hostKey,
      identity_file: identityFile,
    } as ServerRow
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

/** As the worker does it: a rename and the save that follows are one operation. */
function recordWanted(backend: Backend, action: string, object: unknown, previous: unknown): Recording {
  // All objects of a backend that writes whole configurations.
  if (backend.sync !== undefined)
    return recordAlone({ name: backend.name, sync: backend.sync }, object as never[])
  if (action === 'prune') return record('prune', (script) => backend.prune?.(script, object as string))
  if (action !== 'rename') return recordOperation(backend, action, object as never)
  return record('rename', (script) => {
    backend.rename?.(script, object as never, previous as never)
    backend.save?.(script, object as never)
  })
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

/** A command as text, under the options and with the functions that scripts have. */
export function strict(command: Command | undefined): string {
  return `${readShell('place.sh')}\nset -eu -o pipefail\n${command?.rendered.reveal() ?? 'false'}`
}

/** Runs a command as a step of a script would, and returns what it prints. */
export function must(host: LabHost, command: Command | undefined): Promise<string> {
  return host.must(strict(command))
}

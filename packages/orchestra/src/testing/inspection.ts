import type { Backend } from '../config/backend.ts'
import { defineConfig } from '../config/config.ts'
import type { Condition, Expectation } from '../inspect/index.ts'
import { ask, examine, type Inspected } from '../inspect/index.ts'
import type { Job, JobEnd, Method, Methods, ServerTarget } from '../methods/index.ts'
import type { Questions } from '../script/inspect.ts'
import { failure } from './failure.ts'
import type { TestHost } from './host.ts'

const target: ServerTarget = {
  name: 'test',
  method: 'local',
  host: 'localhost',
  port: 0,
  user: 'root',
  sudo: false,
  hostKey: null,
  identityFile: null,
  directory: null,
}

/** What `orchestra sync --check` says about an object on a host. */
export async function inspectHost(
  backend: Backend,
  host: TestHost,
  expectation: Expectation,
): Promise<Condition> {
  const examined = await examine(inspected(backend, host), [expectation])
  if (examined.kind !== 'examined') throw unanswered(host, examined)
  return examined.verdicts[0] ?? { state: 'in-sync' }
}

/** What a backend's `list` finds on a host. */
export async function listHost(backend: Backend, host: TestHost): Promise<string[]> {
  if (backend.list === undefined) return []
  const found: string[] = []
  const questions: Questions = { list: backend.list.rendered }
  const reply = await ask(inspected(backend, host), questions, {
    onFound: (identity) => found.push(identity),
  })
  if (reply.kind !== 'answered') throw unanswered(host, reply)
  if (reply.answers.listed !== 0)
    throw failure(
      `\`list\` of ${backend.name} ended with ${reply.answers.listed} on ${host.name}: ${reply.said}`,
    )
  return found
}

/** What a backend's `read` tells about one of them. */
export async function readHost(backend: Backend, host: TestHost, identity: string): Promise<string> {
  if (backend.read === undefined) return ''
  const reply = await ask(inspected(backend, host), { reads: [backend.read(identity).rendered] })
  if (reply.kind !== 'answered') throw unanswered(host, reply)
  return reply.answers.reads.get(0) ?? ''
}

function unanswered(host: TestHost, { kind, ...rest }: { kind: string; reason?: string }): Error {
  return failure(`${host.name} cannot be looked at: ${rest.reason ?? kind}`)
}

function inspected(backend: Backend, host: TestHost): Inspected {
  const alone = { ...backend, after: [] }
  return {
    config: defineConfig({ models: [backend.model], backends: [alone] }),
    methods: methodsOf(host),
    target,
    backend,
    fence: 1,
    signal: new AbortController().signal,
  }
}

/** A host in the place of a server. */
function methodsOf(host: TestHost): Methods {
  const method: Method = { run: (_, job) => runJob(host, job), close: async () => undefined }
  return { ssh: method, openssh: method, local: method, for: () => method, close: async () => undefined }
}

async function runJob(host: TestHost, { runId, script, user, onOutput }: Job): Promise<JobEnd> {
  const { code, stdout, stderr } = await host.run({ runId, text: Buffer.from(script).toString(), user })
  await onOutput('stdout', stdout)
  await onOutput('stderr', stderr)
  return { kind: 'exited', code, signal: null }
}

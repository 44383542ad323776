import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import {
  type BlockIndex,
  bootstrapCommand,
  createOutputParser,
  type OperationResult,
  type ReloadResult,
  record,
  renderScript,
  type Script,
  type ScriptRequest,
} from '../../src/script/index.ts'

const directories: string[] = []

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-script-'))
  directories.push(directory)
  return directory
}

/** What a test asks for: methods instead of recordings. */
export interface TestScript extends Partial<Omit<ScriptRequest, 'operations' | 'prepare' | 'commit'>> {
  operations: readonly ((script: Script) => void)[]
  action?: string
  prepare?: (script: Script) => void
  commit?: (script: Script) => void
}

export function render({ operations, action = 'save', prepare, commit, ...rest }: TestScript) {
  return renderScript({
    runId: randomUUID(),
    backend: 'test',
    server: 'one',
    fence: 1,
    ...rest,
    operations: operations.map((method, index) => ({
      index,
      label: `save thing:${index}`,
      action,
      recording: record(`thing:${index}`, method),
    })),
    ...(prepare ? { prepare: record('prepare', prepare) } : {}),
    ...(commit ? { commit: record('commit', commit) } : {}),
  })
}

export interface ScriptRun {
  code: number | null
  results: OperationResult[]
  reloads: ReloadResult[]
  finished: boolean
  stdout: Buffer
  stderr: Buffer
  /** Both streams of a block, or of the script as a whole. */
  outputOf(index: BlockIndex | null, stream?: 'stdout' | 'stderr'): string
  /** `ok changed`, `failed 3 step unchanged`. */
  outcomes(): string[]
}

export interface Machine {
  directory: string
  state: string
  run(script: TestScript): Promise<ScriptRun>
  runText(text: string, runId: string, token: string): Promise<ScriptRun>
}

/** A directory that plays a server: its own state, real bash; `wrapper` are words in front of the command that starts it. */
export function machine(environment: Record<string, string> = {}, wrapper: readonly string[] = []): Machine {
  const directory = temporaryDirectory()
  const state = join(directory, 'state')
  const env = { PATH: process.env.PATH ?? '', HOME: directory, ORCHESTRA_STATE: state, ...environment }
  const runText = (text: string, runId: string, token: string) =>
    runBash(text, [...wrapper, ...bootstrapCommand(runId)], token, directory, env)
  const run = (script: TestScript) => {
    const runId = script.runId ?? randomUUID()
    const rendered = render({ ...script, runId })
    return runText(rendered.text, runId, rendered.token)
  }
  return { directory, state, run, runText }
}

async function runBash(
  text: string,
  [file = '', ...args]: readonly string[],
  token: string,
  cwd: string,
  env: Record<string, string>,
) {
  const child = spawn(file, args, { cwd, env, stdio: 'pipe' })
  child.stdin.on('error', () => undefined)
  child.stdin.end(text)
  const received = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (bytes: Buffer) => received[stream].push(bytes))
  const code = await new Promise<number | null>((resolve) => child.on('close', (status) => resolve(status)))
  return interpret(token, code, Buffer.concat(received.stdout), Buffer.concat(received.stderr))
}

/** What a worker would learn from these bytes. */
export function interpret(token: string, code: number | null, stdout: Buffer, stderr: Buffer): ScriptRun {
  const outputs: { index: BlockIndex | null; stream: string; bytes: Uint8Array }[] = []
  const results: OperationResult[] = []
  const reloads: ReloadResult[] = []
  let finished = false
  const parser = createOutputParser(token, (event) => {
    if (event.kind === 'output') outputs.push(event)
    if (event.kind === 'result') results.push(event.result)
    if (event.kind === 'reload') reloads.push(event.result)
    if (event.kind === 'finished') finished = true
  })
  parser.push('stdout', stdout)
  parser.push('stderr', stderr)
  parser.end()
  return {
    code,
    results,
    reloads,
    finished,
    stdout,
    stderr,
    outputOf: (index, stream) =>
      Buffer.concat(
        outputs
          .filter((output) => output.index === index && (stream ?? output.stream) === output.stream)
          .map((output) => output.bytes),
      ).toString(),
    outcomes: () =>
      results
        .filter((result) => typeof result.index === 'number')
        .sort((a, b) => Number(a.index) - Number(b.index))
        .map(({ status, exit, reason, change }) =>
          status === 'ok' ? `ok ${change}` : `failed ${exit} ${reason} ${change}`,
        ),
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { firstTable } from '../../src/cli/init-config.ts'
import { openStore } from '../../src/store/index.ts'
import { premade } from '../support/premade.ts'
import { untilWithin } from '../support/processes.ts'

export const command = fileURLToPath(new URL('../../bin/orchestra.js', import.meta.url))
const packageDirectory = fileURLToPath(new URL('../..', import.meta.url))
const zodDirectory = join(packageDirectory, '..', '..', 'node_modules', 'zod')

/** Milliseconds: the machine may be busy with other tests. */
export const PATIENCE = 90_000

export interface Result {
  code: number | null
  stdout: string
  stderr: string
}

/** A directory with Orchestra installed, in which commands run as people run them. */
export class Project {
  readonly directory = mkdtempSync(join(tmpdir(), 'orchestra-cli-'))
  readonly environment: NodeJS.ProcessEnv
  readonly #started: RunningCommand[] = []

  constructor(environment: NodeJS.ProcessEnv = {}) {
    const { DATABASE_URL: _, ORCHESTRA_KEY: __, NO_COLOR: ___, ...own } = process.env
    this.environment = { ...own, ...environment }
    mkdirSync(join(this.directory, 'node_modules'))
    symlinkSync(packageDirectory, join(this.directory, 'node_modules', 'orchestrajs'))
    symlinkSync(zodDirectory, join(this.directory, 'node_modules', 'zod'))
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text)
  }

  /** Puts an embedded database there that nothing was done in, as the first `up` makes it in seconds. */
  async embed(): Promise<void> {
    if (this.environment.DATABASE_URL !== undefined) return
    const target = join(this.directory, '.orchestra')
    mkdirSync(target, { mode: 0o700 })
    await premade('embedded-empty', target, makeEmpty)
  }

  start(...args: string[]): RunningCommand {
    const started = new RunningCommand(this, args)
    this.#started.push(started)
    return started
  }

  run(...args: string[]): Promise<Result> {
    return this.start(...args).ended
  }

  /** The JSON document that a command prints. */
  async json<Value>(...args: string[]): Promise<Value> {
    const { stdout } = await this.run(...args, '--json')
    return JSON.parse(stdout) as Value
  }

  async remove(): Promise<void> {
    for (const { child } of this.#started) child.kill('SIGKILL')
    await Promise.all(this.#started.map(({ ended }) => ended))
    rmSync(this.directory, { recursive: true, force: true })
  }
}

async function makeEmpty(directory: string): Promise<void> {
  await (await openStore({ directory })).close()
  for (const name of readdirSync(directory)) if (name !== 'db') rmSync(join(directory, name))
}

export class RunningCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Result>
  #stdout = ''
  #stderr = ''

  constructor({ directory, environment }: Project, args: readonly string[]) {
    this.child = spawn(process.execPath, [command, ...args], { cwd: directory, env: environment })
    this.child.stdout?.on('data', (bytes) => {
      this.#stdout += String(bytes)
    })
    this.child.stderr?.on('data', (bytes) => {
      this.#stderr += String(bytes)
    })
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }))
    })
  }

  get output(): string {
    return this.#stdout + this.#stderr
  }

  /** Resolves when it has printed a text. */
  async printed(text: string): Promise<void> {
    try {
      await untilWithin(PATIENCE, `output ${text}`, () => this.output.includes(text))
    } catch (cause) {
      throw new Error(`It printed no ${text}, but:\n${this.output}`, { cause })
    }
  }

  records(): Record<string, unknown>[] {
    const lines = this.#stdout.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

/** What `up` prints names a file with the password, as psql reads it. */
function withPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  const file = url.searchParams.get('passfile')
  if (file === null) return databaseUrl
  url.searchParams.delete('passfile')
  url.password = readFileSync(file, 'utf8').split('\n')[0]?.split(':').at(-1) ?? ''
  return url.href
}

export async function query(databaseUrl: string, ...texts: string[]): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: withPassword(databaseUrl) })
  await client.connect()
  try {
    const results: unknown[][] = []
    for (const text of texts) results.push((await client.query(text)).rows)
    return results
  } finally {
    await client.end()
  }
}

/** `orchestra up` in a new project with the first configuration, its table, a local server `here` and a route to it. */
export async function startFirst(project: Project): Promise<{ up: RunningCommand; databaseUrl: string }> {
  await project.run('init')
  await project.embed()
  const up = project.start('up', '--json', '--port', '0', '--no-http')
  await up.printed('"ready"')
  const ready = up.records().find((record) => record.event === 'ready')
  const databaseUrl = project.environment.DATABASE_URL ?? String(ready?.databaseUrl)
  await query(databaseUrl, firstTable)
  await up.printed('"captured"')
  mkdirSync(join(project.directory, 'here'))
  await project.run(
    'server',
    'add',
    'here',
    '--method',
    'local',
    '--directory',
    join(project.directory, 'here'),
  )
  await project.run('route', 'add', 'page', 'here', 'site.id < 100')
  return { up, databaseUrl }
}

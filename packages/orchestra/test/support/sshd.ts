import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { appendFile, chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe } from 'vitest'
import type { ServerTarget } from '../../src/methods/method.ts'

const run = promisify(execFile)
const program = '/usr/sbin/sshd'

/** Why a real sshd cannot run here; null when it can. */
export function sshdMissing(): string | null {
  if (process.getuid?.() !== 0) return 'a test sshd needs root'
  try {
    accessSync(program, constants.X_OK)
    return null
  } catch {
    return `${program} is not installed`
  }
}

/** A suite that needs a real sshd: skipped with the reason where there is none, a failure where CI has none. */
export function describeSshd(name: string, suite: () => void): void {
  const missing = sshdMissing()
  if (missing === null) describe(name, suite)
  else if (process.env.CI === 'true') throw new Error(`${name}: ${missing}, and CI requires it`)
  else describe.skip(`${name} (${missing})`, suite)
}

export interface SshdOptions {
  /** More lines for sshd_config. */
  config?: readonly string[]
  /** Types of host keys; default ed25519 alone. */
  hostKeyTypes?: readonly string[]
}

/** OpenSSH's own server as a process of the test, on a free loopback port. */
export class Sshd {
  readonly directory: string
  readonly port: number
  readonly clientKeyPath: string
  #process: ChildProcess
  #hostKeyTypes: readonly string[]

  constructor(directory: string, port: number, process: ChildProcess, hostKeyTypes: readonly string[]) {
    this.directory = directory
    this.port = port
    this.clientKeyPath = join(directory, 'client')
    this.#process = process
    this.#hostKeyTypes = hostKeyTypes
  }

  /** The public host key of a type, as `type base64`. */
  async hostKey(type = this.#hostKeyTypes[0]): Promise<string> {
    const line = await readFile(join(this.directory, `host_${type}.pub`), 'utf8')
    return line.split(' ').slice(0, 2).join(' ').trim()
  }

  /** A target that logs in here with the approved host key; anything may be overridden. */
  async target(overrides: Partial<ServerTarget> = {}): Promise<ServerTarget> {
    return {
      name: 'test-server',
      method: 'ssh',
      host: '127.0.0.1',
      port: this.port,
      user: userInfo().username,
      sudo: false,
      hostKey: await this.hostKey(),
      identityFile: this.clientKeyPath,
      directory: null,
      ...overrides,
    }
  }

  /** What sshd logged so far, at DEBUG1. */
  log(): Promise<string> {
    return readFile(join(this.directory, 'log'), 'utf8')
  }

  /** Lets another public key in. */
  async authorize(publicKeyPath: string): Promise<void> {
    await appendFile(join(this.directory, 'authorized_keys'), await readFile(publicKeyPath))
  }

  /** Gives the server new host keys. Sessions that stand go on. */
  async rotateHostKey(): Promise<void> {
    await this.stopListening()
    await makeHostKeys(this.directory, this.#hostKeyTypes)
    await this.restart()
  }

  /** Ends the listener; sessions that stand go on. */
  async stopListening(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill('SIGTERM')
    await ended
  }

  async restart(): Promise<void> {
    this.#process = await launch(this.directory, this.port)
  }

  /** Kills the processes that serve connections, as if each had crashed. */
  async killSessions(): Promise<void> {
    for (const pid of await children(this.#process.pid)) killIfThere(pid)
  }

  async stop(): Promise<void> {
    await this.killSessions()
    if (this.#process.exitCode === null) await this.stopListening()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Starts an sshd that lets one new key in. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const hostKeyTypes = options.hostKeyTypes ?? ['ed25519']
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-sshd-'))
  const port = await freePort()
  await makeHostKeys(directory, hostKeyTypes)
  await makeKey(join(directory, 'client'), 'ed25519')
  await mkdir(join(directory, 'home'))
  // Other logins than root must be able to have their authorized keys read.
  await chmod(directory, 0o711)
  await copyFile(join(directory, 'client.pub'), join(directory, 'authorized_keys'))
  await writeFile(
    join(directory, 'config'),
    configuration(directory, port, hostKeyTypes, options.config ?? []),
  )
  return new Sshd(directory, port, await launch(directory, port), hostKeyTypes)
}

/** Makes a key pair as ssh-keygen does; an empty passphrase leaves it open. */
export async function makeKey(path: string, type: string, passphrase = ''): Promise<void> {
  await rm(path, { force: true })
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'orchestra-test', '-f', path])
}

function configuration(
  directory: string,
  port: number,
  hostKeyTypes: readonly string[],
  more: readonly string[],
): string {
  const lines = [
    ...more,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeyTypes.map((type) => `HostKey ${join(directory, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'UseDNS no',
    // A home of its own: start-up files of whoever runs the tests must not slow or change them.
    `SetEnv HOME=${join(directory, 'home')}`,
    'MaxStartups 100',
    'LogLevel DEBUG1',
  ]
  return `${lines.join('\n')}\n`
}

async function makeHostKeys(directory: string, types: readonly string[]): Promise<void> {
  for (const type of types) await makeKey(join(directory, `host_${type}`), type)
}

async function launch(directory: string, port: number): Promise<ChildProcess> {
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const log = join(directory, 'log')
  await writeFile(log, '')
  const child = spawn(program, ['-D', '-f', join(directory, 'config'), '-E', log], { stdio: 'ignore' })
  const deadline = Date.now() + 10_000
  while (!(await readFile(log, 'utf8')).includes(`listening on 127.0.0.1 port ${port}`)) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`sshd did not start: ${await readFile(log, 'utf8')}`)
    await sleep(10)
  }
  return child
}

async function children(pid: number | undefined): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return list.split(' ').filter(Boolean).map(Number)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** A session may end by itself between being listed and being killed. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

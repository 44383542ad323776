import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LastBytes } from '../script/pieces.ts'
import type { ConnectFailure, Connection } from './connection-pool.ts'
import { hostKeyReason, sameHostKey } from './host-key.ts'
import type { ServerTarget } from './method.ts'
import { saying } from './saying.ts'
import { Shelf } from './shelf.ts'
import { startProgram } from './start-program.ts'

/** What the local command of a master prints once it accepts sessions. */
const readyWord = 'orchestra-ready'
const keptErrors = 4096
/** How long a login for a terminal may take, which nobody waits for as long as for a script's. */
const terminalPatience = 2000

/** A master process of the system's ssh that holds one connection, and the options that share it. */
export class ControlConnection implements Connection {
  readonly kind = 'connected'
  readonly shelf = new Shelf()
  readonly #target: ServerTarget
  readonly #base: string
  readonly #master: ChildProcess
  readonly #environment: NodeJS.ProcessEnv

  constructor(target: ServerTarget, base: string, master: ChildProcess, environment: NodeJS.ProcessEnv) {
    this.#environment = environment
    this.#target = target
    this.#base = base
    this.#master = master
  }

  get broken(): string | null {
    const ended = this.#master.exitCode ?? this.#master.signalCode
    return ended === null ? null : `the control connection ended (${ended})`
  }

  /** Runs a command over this connection, and over no other. */
  start(command: string): ChildProcessWithoutNullStreams {
    const { user, host } = this.#target
    const options = [`ControlPath=${this.#base}.s`, 'ControlMaster=no', 'BatchMode=yes', 'ProxyCommand=false']
    return startProgram(
      ['ssh', '-T', ...asOptions(options), '-l', user, '--', host, command],
      this.#environment,
    )
  }

  /**
   * Runs a command in a terminal, over a connection of its own: a control connection makes one in which no key has a meaning.
   */
  startWithTerminal(command: string): ChildProcessWithoutNullStreams {
    const words = loginWords(this.#target, this.#base, terminalPatience)
    const options = ['ControlMaster=no', 'ControlPath=none']
    return startProgram(
      ['ssh', '-tt', '-e', 'none', ...asOptions(options), ...words, command],
      this.#environment,
    )
  }

  onBroken(listener: () => void): void {
    if (this.broken === null) this.#master.once('exit', listener)
    else listener()
  }

  end(): void {
    this.#master.kill('SIGTERM')
  }

  destroy(): void {
    this.#master.kill('SIGKILL')
  }
}

/** Opens control connections, with their sockets and known hosts in a private directory. */
export class ControlDirectory {
  readonly #path = mkdtempSync(join(tmpdir(), 'orc-'))
  readonly #environment: NodeJS.ProcessEnv

  /** @param environment of the processes of ssh */
  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment
  }

  /** Connects, lets ssh check the host key against the approved one, and logs in. */
  async connect(
    target: ServerTarget,
    timeout: number,
    signal: AbortSignal,
  ): Promise<ControlConnection | ConnectFailure> {
    const name = createHash('sha256')
      .update(JSON.stringify([target, Math.random()]))
      .digest('hex')
      .slice(0, 12)
    const base = join(this.#path, name)
    await writeFile(`${base}.known`, target.hostKey === null ? '' : `${alias(target)} ${target.hostKey}\n`)
    const master = startProgram(['ssh', ...masterWords(target, base, timeout)], this.#environment)
    master.stdin.on('error', () => {})
    master.stdin.end()
    const failure = await masterFailure(master, timeout, signal)
    if (failure === null) return new ControlConnection(target, base, master, this.#environment)
    master.kill('SIGTERM')
    return explain(target, failure, await readFile(`${base}.key`, 'latin1').catch(() => ''))
  }

  async remove(): Promise<void> {
    // A control process that is just ending may still add or remove a file of its own.
    await rm(this.#path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

function alias(target: ServerTarget): string {
  return `orchestra-${createHash('sha256').update(target.name).digest('hex').slice(0, 16)}`
}

/**
 * The user's own ssh_config applies: jump hosts, certificates, agents. What decides whom we trust is ours.
 * `KnownHostsCommand` only notes the key that was presented, so that a refusal can show it.
 */
function loginWords(target: ServerTarget, base: string, timeout: number): string[] {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${base}.known`,
    'GlobalKnownHostsFile=/dev/null',
    `KnownHostsCommand=/bin/sh -c "test %t = NONE || echo %t %K >${base}.key" sh`,
    `HostKeyAlias=${alias(target)}`,
    'VerifyHostKeyDNS=no',
    'UpdateHostKeys=no',
    `ConnectTimeout=${Math.max(1, Math.ceil(timeout / 1000))}`,
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'ForwardAgent=no',
    'ForwardX11=no',
    ...(target.identityFile === null ? [] : [`IdentityFile=${target.identityFile}`, 'IdentitiesOnly=yes']),
  ]
  // A port of its own in ssh_config stays in force where the server names none but the usual.
  const port = target.port === 22 ? [] : ['-p', String(target.port)]
  return [...asOptions(options), ...port, '-l', target.user, '--', target.host]
}

function masterWords(target: ServerTarget, base: string, timeout: number): string[] {
  const options = [
    'ControlMaster=yes',
    `ControlPath=${base}.s`,
    'ControlPersist=no',
    'PermitLocalCommand=yes',
    `LocalCommand=echo ${readyWord}`,
    'RequestTTY=no',
  ]
  return ['-N', ...asOptions(options), ...loginWords(target, base, timeout)]
}

function asOptions(options: readonly string[]): string[] {
  return options.flatMap((option) => ['-o', option])
}

/** Null once the master accepts sessions; what it printed when it ended or took too long. */
function masterFailure(master: ChildProcess, timeout: number, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const errors = new LastBytes(keptErrors)
    const timer = setTimeout(() => resolve(`no login within ${timeout} ms`), timeout)
    const settle = (failure: string | null) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      resolve(failure)
    }
    const giveUp = () => settle('the connection was given up')
    signal.addEventListener('abort', giveUp, { once: true })
    master.stderr?.on('data', (bytes: Buffer) => {
      errors.push(bytes)
    })
    master.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.includes(readyWord)) settle(null)
    })
    master.once('error', (error) => settle(error.message))
    master.once('close', () => settle(saying(errors.end()) || 'ssh ended before the login was done'))
  })
}

/** Text decides only between refused and unreachable, where ssh offers nothing better. */
function explain(target: ServerTarget, problem: string, presentedLine: string): ConnectFailure {
  const presented = presentedLine.trim()
  if (presented !== '' && (target.hostKey === null || !sameHostKey(target.hostKey, presented)))
    return { kind: 'host-key', presented, reason: hostKeyReason(target.name, target.hostKey, presented) }
  const reason = `${target.name} (${target.host}): ${problem}`
  return /Permission denied|Too many authentication failures/.test(problem)
    ? { kind: 'denied', reason }
    : { kind: 'unreachable', reason }
}

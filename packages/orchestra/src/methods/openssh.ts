import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { silentLogin } from './beginning.ts'
import { childWire } from './child-process.ts'
import { type ConnectFailure, ConnectionPool, type Opened } from './connection-pool.ts'
import { answerPatience, endGroupPatience, endRemoteGroup } from './end-group.ts'
import { throughStartUpFile } from './end-login.ts'
import { isLockedKey } from './identity.ts'
import type { Job, JobEnd, Method, ServerTarget } from './method.ts'
import { type ControlConnection, ControlDirectory } from './openssh-control.ts'
import { commandLine, endLoginCommand, jobCommand, sessionCommand } from './remote-command.ts'
import { saying } from './saying.ts'
import type { Starting } from './shelf.ts'
import { deniedBy } from './ssh-connection.ts'
import { childEnvironment } from './start-program.ts'
import { supervise } from './supervise.ts'
import { untilAborted } from './until-aborted.ts'
import type { Bash, ProcessEnd, SessionAnswer, Wire } from './wire.ts'
import { within } from './within.ts'

/** ssh's own exit status when its connection broke; a script's 255 looks the same and is taken for that. */
const connectionBroke = 255
/** Bytes of what ssh and the login complain of that are kept, the last of them. */
const keptErrors = 4096

/**
 * Runs scripts by the system's ssh, over one control connection for each server. Its sessions last until a
 * script's streams are closed: a daemon that a script starts must not keep them.
 */
export class OpensshMethod implements Method {
  readonly #environment: NodeJS.ProcessEnv
  #directory: ControlDirectory | null = null
  readonly #pool = new ConnectionPool<ControlConnection>((target, timeout, signal) =>
    this.#connect(target, timeout, signal),
  )

  /** @param environment what the processes of ssh get, but for Orchestra's secrets */
  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = childEnvironment(environment)
  }

  async run(target: ServerTarget, job: Job): Promise<JobEnd> {
    if (job.signal.aborted) return { kind: 'cancelled' }
    const opening = this.#pool.open(target, job.timeouts.connect, (connection, patience) =>
      connection.shelf.place(target, job, patience, (starting) =>
        openWire(target, connection, job, starting, patience),
      ),
    )
    const opened = await untilAborted(job.signal, opening, discard)
    if (opened.kind !== 'opened') return opened
    const endGroup = (group: number) => endRemoteGroup(this.#pool, opened.lease, orderEnd, target, job, group)
    try {
      return await supervise(target.name, { ...opened.session, endGroup }, job)
    } finally {
      opened.lease.release()
    }
  }

  /** The key that a server presents, by way of the user's ssh_config; or why there is none. */
  async askHostKey(target: ServerTarget, timeout: number): Promise<ConnectFailure> {
    const never = new AbortController().signal
    const answer = await this.#connect({ ...target, hostKey: null }, timeout, never)
    if (answer.kind !== 'connected') return answer
    answer.end()
    return { kind: 'unreachable', reason: `${target.name}: ssh logged in without checking the host key` }
  }

  async close(): Promise<void> {
    await this.#pool.close()
    await this.#directory?.remove()
    this.#directory = null
  }

  async #connect(
    target: ServerTarget,
    timeout: number,
    signal: AbortSignal,
  ): Promise<ControlConnection | ConnectFailure> {
    let isLocked = false
    try {
      // ssh itself goes on without a key that it cannot read, and says only that nobody let it in.
      if (target.identityFile !== null) isLocked = await isLockedKey(target.name, target.identityFile)
    } catch (error) {
      return deniedBy(error)
    }
    this.#directory ??= new ControlDirectory(this.#environment)
    const answer = await this.#directory.connect(target, timeout, signal)
    if (answer.kind !== 'denied' || !isLocked) return answer
    const why = `${target.identityFile} is encrypted, and ssh is not asked for its passphrase: add it to an ssh-agent (ssh-add)`
    return { kind: 'denied', reason: `${answer.reason}; ${why}` }
  }
}

/**
 * A session whose other side has begun to answer, or why there is none. Nothing is sent before: only so it is
 * certain that a control connection which turns out to be dead took nothing of the script with it.
 */
async function openWire(
  target: ServerTarget,
  connection: ControlConnection,
  job: Job,
  starting: Starting,
  patience: number,
): Promise<SessionAnswer<Wire>> {
  const words = starting === 'once' ? jobCommand(target, job) : sessionCommand(target, job)
  const session = connection.start(commandLine(words))
  let errors: Buffer = Buffer.alloc(0)
  const keep = (bytes: Buffer) => {
    errors = Buffer.concat([errors, bytes]).subarray(-keptErrors)
  }
  session.stderr.on('data', keep)
  const first = await within(firstAnswer(session), patience, null)
  session.stderr.off('data', keep).pause()
  if (first === 'output') {
    if (errors.length > 0) session.stderr.unshift(errors)
    const leave = () => endLogin(connection, job.runId)
    return { kind: 'session', session: childWire(session, sessionEnd(target), leave) }
  }
  session.kill('SIGKILL')
  if (first === null) {
    await endLogin(connection, job.runId)
    return { kind: 'none', reason: silentLogin(patience) }
  }
  const said = saying(errors)
  if (first === connectionBroke) return { kind: 'none', reason: said || 'ssh opened no session' }
  return { kind: 'denied', reason: `${target.name}: bash did not begin (exit ${first}): ${said}` }
}

/** `output` once something is to be read on stdout, the exit status when the session ended without. */
async function firstAnswer(session: ChildProcessWithoutNullStreams): Promise<'output' | number> {
  const closed = once(session, 'close')
  // Where ssh cannot even be started, the stream says so by never becoming readable.
  closed.catch(() => {})
  await once(session.stdout, 'readable')
  if (session.stdout.readableLength > 0) return 'output'
  session.stdout.resume()
  const [code] = await closed
  return code ?? connectionBroke
}

function discard(opened: Opened<ControlConnection, Bash> | JobEnd): void {
  if (opened.kind !== 'opened') return
  opened.session.giveUp()
  opened.session.leave()
  opened.lease.release()
}

async function orderEnd(connection: ControlConnection, command: string): Promise<boolean | null> {
  const child = connection.start(command)
  const exited = once(child, 'exit').then(([code]) => (code === connectionBroke ? null : code === 0))
  const answered = once(child.stdout, 'data').then(() => 'answered' as const)
  child.stderr.resume()
  child.stdin.end()
  const first = await within(Promise.race([answered, exited]), answerPatience, null)
  const gone = first === 'answered' ? await within(exited, endGroupPatience, null) : first
  child.kill('SIGKILL')
  return gone
}

async function endLogin(connection: ControlConnection, runId: string): Promise<void> {
  await throughStartUpFile(async () => {
    const child = connection.startWithTerminal(commandLine(endLoginCommand(runId)))
    child.stderr.resume()
    const { stdin, stdout } = child
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return { stdin, stdout, ended, abandon: () => child.kill('SIGKILL') }
  })
}

function sessionEnd(target: ServerTarget): (code: number | null, signal: string | null) => ProcessEnd {
  return (code, signal) =>
    code === null || code === connectionBroke
      ? {
          kind: 'lost',
          reason: `${target.name}: ssh ended (${signal ?? code}) without the script's exit status`,
        }
      : { kind: 'exited', code, signal: null }
}

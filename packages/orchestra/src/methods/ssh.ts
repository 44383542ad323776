import type { ClientChannel } from 'ssh2'
import { messageOf } from '../errors.ts'
import { ConnectionPool, type Opened } from './connection-pool.ts'
import { answerPatience, endGroupPatience, endRemoteGroup } from './end-group.ts'
import { type Terminal, throughStartUpFile } from './end-login.ts'
import type { IdentityEnvironment } from './identity.ts'
import type { Job, JobEnd, Method, ServerTarget } from './method.ts'
import { commandLine, endLoginCommand, jobCommand, sessionCommand } from './remote-command.ts'
import { connect, type SshConnection } from './ssh-connection.ts'
import { supervise } from './supervise.ts'
import { untilAborted } from './until-aborted.ts'
import type { Bash, ProcessEnd, SessionAnswer, Wire } from './wire.ts'
import { within } from './within.ts'

/** How long what got a signal may take to be gone. */
const signalPatience = 500

type OpenedPlace = Opened<SshConnection, Bash>

/** Runs scripts over pooled connections of the ssh2 library. */
export class SshMethod implements Method {
  readonly #pool: ConnectionPool<SshConnection>

  constructor(environment: IdentityEnvironment) {
    this.#pool = new ConnectionPool((target, timeout, signal) =>
      connect(target, timeout, environment, signal),
    )
  }

  async run(target: ServerTarget, job: Job): Promise<JobEnd> {
    if (job.signal.aborted) return { kind: 'cancelled' }
    const opening = this.#pool.open(target, job.timeouts.connect, (connection, patience) =>
      openPlace(connection, target, job, patience),
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

  async close(): Promise<void> {
    await this.#pool.close()
  }
}

function openPlace(
  connection: SshConnection,
  target: ServerTarget,
  job: Job,
  patience: number,
): Promise<SessionAnswer<Bash>> {
  return connection.shelf.place(target, job, patience, async (starting) => {
    const words = starting === 'once' ? jobCommand(target, job) : sessionCommand(target, job)
    const opened = await openChannel(connection, commandLine(words), patience)
    if (opened.kind !== 'session') return opened
    return { kind: 'session', session: channelWire(target, connection, opened.session, job.runId) }
  })
}

async function openChannel(
  connection: SshConnection,
  command: string,
  patience: number,
  has: 'pipes' | 'terminal' = 'pipes',
): Promise<SessionAnswer<ClientChannel>> {
  const opening = execute(connection, command, has)
  const answer = await within(opening, patience, null)
  if (answer !== null) return answer
  opening.then((late) => late.kind === 'session' && late.session.close())
  return { kind: 'none', reason: 'the server opened no session in time' }
}

async function execute(
  connection: SshConnection,
  command: string,
  has: 'pipes' | 'terminal',
): Promise<SessionAnswer<ClientChannel>> {
  try {
    return { kind: 'session', session: await connection.exec(command, has) }
  } catch (error) {
    return { kind: 'none', reason: connection.broken ?? messageOf(error) }
  }
}

function discard(opened: OpenedPlace | JobEnd): void {
  if (opened.kind !== 'opened') return
  opened.session.giveUp()
  opened.session.leave()
  opened.lease.release()
}

async function orderEnd(connection: SshConnection, command: string): Promise<boolean | null> {
  const opened = await openChannel(connection, command, answerPatience)
  if (opened.kind !== 'session') return null
  const channel = opened.session
  const closed = new Promise<boolean | null>((resolve) => {
    channel.on('close', (code?: number | null) => resolve(code === undefined ? null : code === 0))
  })
  channel.resume()
  channel.stderr.resume()
  channel.end()
  return within(closed, endGroupPatience, null)
}

function channelWire(
  target: ServerTarget,
  connection: SshConnection,
  channel: ClientChannel,
  runId: string,
): Wire {
  // What breaks a channel also closes it, and `close` is what decides.
  channel.on('error', () => {})
  const exited = new Promise<ProcessEnd>((resolve) => {
    channel.once('exit', (code: number | null, signal?: string) => resolve(exit(code, signal)))
  })
  const closed = new Promise<ProcessEnd>((resolve) => {
    // The exit may have come in the packet that opened the channel, before anybody listened; `close` repeats it.
    channel.once('close', (code?: number | null, signal?: string) =>
      resolve(code === undefined ? lost(target, connection) : exit(code, signal)),
    )
  })
  const errorsEnded = new Promise((resolve) => channel.stderr.once('close', resolve))
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited,
    closed: errorsEnded.then(() => closed),
    endLogin: () => endLogin(connection, channel, exited, runId),
    abandon: () => channel.close(),
  }
}

/** The server ends it by a signal, if it does that: an older sshd does not for root, and a stranger may not at all. */
async function endLogin(
  connection: SshConnection,
  channel: ClientChannel,
  exited: Promise<unknown>,
  runId: string,
): Promise<void> {
  channel.signal('KILL')
  if ((await within(exited, signalPatience, null)) !== null) return
  await throughStartUpFile(() => openTerminal(connection, commandLine(endLoginCommand(runId))))
}

async function openTerminal(connection: SshConnection, command: string): Promise<Terminal | null> {
  const opened = await openChannel(connection, command, answerPatience, 'terminal')
  if (opened.kind !== 'session') return null
  const channel = opened.session
  const ended = new Promise<number | null>((resolve) => {
    channel.once('close', (code?: number | null) => resolve(code ?? null))
  })
  return { stdin: channel, stdout: channel, ended, abandon: () => channel.close() }
}

function exit(code: number | null, signal: string | undefined): ProcessEnd {
  return { kind: 'exited', code, signal: signal ?? null }
}

function lost(target: ServerTarget, connection: SshConnection): ProcessEnd {
  const how = connection.broken ?? 'the session ended without an exit status'
  return { kind: 'lost', reason: `${target.name}: ${how}` }
}

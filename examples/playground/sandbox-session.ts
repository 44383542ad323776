import { type ChildProcess, spawn } from 'node:child_process'
import type { ServerChannel, Session } from 'ssh2'

/** How long a process group has after the first request to end. */
const gracePeriod = 2000

/** Where the commands of a session run. */
export interface SandboxPlace {
  directory: string
  environment: NodeJS.ProcessEnv
  /** The process groups that run now, for whoever stops the server. */
  running: Set<ChildProcess>
}

/** Serves one session: it runs commands, and nothing else that SSH knows. */
export function serveSession(session: Session, place: SandboxPlace): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept()
    const child = start(command, place)
    connectStreams(child, channel)
    session.on('signal', (acceptSignal, _rejectSignal, { name }) => {
      acceptSignal?.()
      signalGroup(child, `SIG${name.replace(/^SIG/, '')}`)
    })
    channel.once('close', () => endGroup(child))
  })
}

/** Asks a process group to end, and insists after a while. */
export function endGroup(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  signalGroup(child, 'SIGTERM')
  const insist = setTimeout(() => signalGroup(child, 'SIGKILL'), gracePeriod)
  child.once('exit', () => clearTimeout(insist))
}

/** A detached child leads a process group of its own, so that one signal reaches all that it started. */
function start(command: string, place: SandboxPlace): ChildProcess {
  const { directory: cwd, environment: env } = place
  const child = spawn('bash', ['--noprofile', '--norc', '-c', command], { cwd, env, detached: true })
  place.running.add(child)
  child.once('exit', () => place.running.delete(child))
  return child
}

function connectStreams(child: ChildProcess, channel: ServerChannel): void {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new TypeError('the child has no pipes')
  // A command may end before it has read its input.
  stdin.on('error', () => {})
  channel.on('error', () => {})
  channel.pipe(stdin)
  stdout.pipe(channel, { end: false })
  stderr.pipe(channel.stderr, { end: false })
  child.once('error', (error) => channel.stderr.write(`${error.message}\n`))
  child.once('exit', (code, signal) => tellExit(channel, code, signal))
  // Where the other side reads slowly, the end of the error stream may wait behind the output, and would be lost.
  child.once('close', () => channel.stderr.write(Buffer.alloc(0), () => channel.end()))
}

function tellExit(channel: ServerChannel, code: number | null, signal: NodeJS.Signals | null): void {
  if (signal !== null) channel.exit(signal.replace(/^SIG/, ''))
  else channel.exit(code ?? 127)
}

/** A group that is gone already needs no signal, and an unknown signal changes nothing. */
function signalGroup(child: ChildProcess, signal: string): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ESRCH' && code !== 'ERR_UNKNOWN_SIGNAL') throw error
  }
}

import { randomUUID } from 'node:crypto'
import type { Timeouts } from '../config/backend.ts'
import { endLine } from '../script/bootstrap.ts'
import { Collected } from '../script/pieces.ts'
import type { Job, JobEnd, Method, ServerTarget } from './method.ts'

/** What a server offers to scripts, or why it cannot be asked. */
export type ServerCheck =
  | {
      kind: 'usable'
      /** Milliseconds to connect, log in and run the first script. */
      firstScript: number
      /** Milliseconds for a script over the standing connection. */
      latency: number
      bash: string
      /** The login's name there. */
      user: string
      sudo: 'not needed' | 'works' | 'refused'
      /** Whether flock is there, without which no script is fenced. */
      flock: boolean
    }
  | { kind: 'unusable'; end: JobEnd; output: string }

/** Bytes of the answers, and of what a login prints beside them. */
const mostOutput = 256 * 1024

const probe = [
  'echo "bash=$BASH_VERSION"',
  'echo "user=$(id -un)"',
  'if ((EUID == 0)); then echo sudo=not needed',
  'elif sudo -n true 2>/dev/null; then echo sudo=works',
  'else echo sudo=refused; fi',
  'if type -P flock >/dev/null; then echo flock=yes; else echo flock=no; fi',
].join('\n')

/** Connects as a script would, asks what is there, and measures how long a script takes. */
export async function checkServer(
  method: Method,
  target: ServerTarget,
  timeouts: Timeouts,
): Promise<ServerCheck> {
  // The question whether sudo works must not itself need sudo.
  const login = { ...target, sudo: false }
  const first = await runScript(method, login, timeouts, probe)
  if (!succeeded(first.end)) return { kind: 'unusable', end: first.end, output: first.output }
  const second = await runScript(method, login, timeouts, ':')
  const found = new Map(first.output.split('\n').map(splitAnswer))
  return {
    kind: 'usable',
    firstScript: first.milliseconds,
    latency: second.milliseconds,
    bash: found.get('bash') ?? '',
    user: found.get('user') ?? '',
    sudo: sudoAnswer(found.get('sudo')),
    flock: found.get('flock') === 'yes',
  }
}

function succeeded(end: JobEnd): boolean {
  return end.kind === 'exited' && end.code === 0
}

function splitAnswer(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

function sudoAnswer(answer: string | undefined): 'not needed' | 'works' | 'refused' {
  return answer === 'not needed' || answer === 'works' ? answer : 'refused'
}

async function runScript(method: Method, target: ServerTarget, timeouts: Timeouts, lines: string) {
  const output = new Collected(mostOutput, `what ${target.name} says about itself`)
  const started = performance.now()
  const end = await method.run(
    target,
    scriptJob(lines, timeouts, (bytes) => output.push(bytes)),
  )
  return {
    end,
    output: output.end().toString('utf8'),
    milliseconds: performance.now() - started,
  }
}

function scriptJob(lines: string, timeouts: Timeouts, keep: (bytes: Uint8Array) => void): Job {
  const runId = randomUUID()
  return {
    runId,
    script: Buffer.from(`${lines}\n${endLine(runId)}\n`),
    interpreter: null,
    user: null,
    timeouts,
    signal: new AbortController().signal,
    onStart: () => {},
    onOutput: (_, bytes) => {
      keep(bytes)
    },
  }
}

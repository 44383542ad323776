import { randomUUID } from 'node:crypto'
import type { Timeouts } from '../config/backend.ts'
import { withHint } from '../errors.ts'
import { tellingOf } from '../logs/index.ts'
import type { Methods, ServerTarget } from '../methods/index.ts'
import { BoundedBytes, endLine } from '../script/index.ts'
import { ask, type Reply } from './ask.ts'

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
  | { kind: 'unusable'; reason: string }

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
  methods: Methods,
  target: ServerTarget,
  timeouts: Timeouts,
): Promise<ServerCheck> {
  // The question whether sudo works must not itself need sudo.
  const login = { ...target, sudo: false }
  const begun = performance.now()
  const first = await runScript(methods, login, timeouts, probe)
  const firstScript = performance.now() - begun
  if (first.kind !== 'answered') return { kind: 'unusable', reason: whyNot(first) }
  const asked = performance.now()
  await runScript(methods, login, timeouts, ':')
  const found = new Map(first.answer.split('\n').map(splitAnswer))
  return {
    kind: 'usable',
    firstScript,
    latency: performance.now() - asked,
    bash: found.get('bash') ?? '',
    user: found.get('user') ?? '',
    sudo: sudoAnswer(found.get('sudo')),
    flock: found.get('flock') === 'yes',
  }
}

function whyNot(reply: Exclude<Reply<string>, { kind: 'answered' }>): string {
  switch (reply.kind) {
    case 'broken-off':
      return reply.rest === 'timeout'
        ? 'a script got no answer in time'
        : `a first script ${reply.how}: ${reply.said || 'it printed nothing'}`
    case 'too-large':
      return withHint(reply.error)
    case 'blocked':
      return reply.reason
    case 'fenced':
    case 'cancelled':
      return `a first script was ${reply.kind}`
  }
}

function splitAnswer(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

function sudoAnswer(answer: string | undefined): 'not needed' | 'works' | 'refused' {
  return answer === 'not needed' || answer === 'works' ? answer : 'refused'
}

function runScript(
  methods: Methods,
  target: ServerTarget,
  timeouts: Timeouts,
  lines: string,
): Promise<Reply<string>> {
  const runId = randomUUID()
  const text = `${lines}\n${endLine(runId)}\n`
  const output = new BoundedBytes(mostOutput, `what ${target.name} says about itself`)
  const message = { runId, text, user: null, timeouts, signal: new AbortController().signal }
  return ask(methods, target, message, {
    push: (_, bytes) => output.push(bytes),
    end(exit) {
      const all = output.end().toString('utf8')
      return { answer: exit === 0 ? all : null, said: tellingOf(all) ?? '' }
    },
  })
}

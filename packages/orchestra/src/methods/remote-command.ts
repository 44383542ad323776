import { bootstrap, endLine, endLogin, session } from '../script/bootstrap.ts'
import type { Job, ServerTarget } from './method.ts'

/**
 * Quotes a word for whatever shell the login has: sh, bash, zsh, fish, csh. What any of them treats specially
 * inside single quotes stands outside of them, behind a backslash.
 */
function quoteForLoginShell(word: string): string {
  return `'${word.replace(/['\\!]/g, (special) => `'\\${special}'`)}'`
}

/** One command line for a login shell. `exec` keeps that shell from waiting beside the script. */
export function commandLine(words: readonly string[]): string {
  return `exec ${words.map(quoteForLoginShell).join(' ')}`
}

/** Not every login has the directories of the system's programs in its PATH, where runuser is. */
const withSystemDirectories = 'PATH=$PATH:/usr/sbin:/sbin exec "$0" "$@"'

/** The words that run something as the user a job asks for; none when that is the login. */
export function become(login: string, sudo: boolean, user: string | null): string[] {
  if (user === null || user === login) return sudo && login !== 'root' ? ['sudo', '-n', '-H', '--'] : []
  if (login === 'root') return ['sh', '-c', withSystemDirectories, 'runuser', '-u', user, '--']
  return ['sudo', '-n', '-H', '-u', user, '--']
}

type StartedJob = Pick<Job, 'runId' | 'interpreter' | 'user'> & Partial<Pick<Job, 'script' | 'input'>>

/** The words that start a job's script and read it from stdin. */
export function jobCommand(target: ServerTarget, job: StartedJob): string[] {
  const size = job.input === undefined ? '' : String(job.script?.byteLength)
  const words = ['bash', '--noprofile', '--norc', '-c', bootstrap, endLine(job.runId)]
  words.push(target.directory ?? '', size)
  return [...become(target.user, target.sudo, job.user), ...words, ...(job.interpreter ?? [])]
}

/** The words that start a bash that stays, for this job's script first. */
export function sessionCommand(target: ServerTarget, { runId, user }: Pick<Job, 'runId' | 'user'>): string[] {
  const words = ['bash', '--noprofile', '--norc', '-c', session, endLine(runId), target.directory ?? '']
  return [...become(target.user, target.sudo, user), ...words]
}

/**
 * Ends a process group: asks, waits two seconds, then insists. Succeeds when nothing of the group is left.
 * Membership is read from /proc because a zombie is gone and a process of another user is not. The word on stdout
 * tells that the order arrived.
 */
const endGroup = [
  'alive() { for stat in /proc/[0-9]*/stat; do read -r line 2>/dev/null <"$stat" || continue',
  `set -- \${line##*) }; [[ $3 == "$group" && $1 != [ZX] ]] && return 0; done; return 1; }`,
  'echo ending; group=$0; kill -TERM -- "-$group" 2>/dev/null',
  'for ((i = 0; i < 50; i++)); do alive || exit 0; ((i == 20)) && kill -KILL -- "-$group" 2>/dev/null',
  'sleep 0.1; done; exit 1',
].join('; ')

/** The words that end what a job's login has started instead of bash. */
export function endLoginCommand(runId: string): string[] {
  return ['bash', '--noprofile', '--norc', '-c', endLogin, endLine(runId)]
}

/** The words that end the process group of a job on its server. */
export function endGroupCommand(target: ServerTarget, user: string | null, group: number): string[] {
  const words = ['bash', '--noprofile', '--norc', '-c', endGroup, String(group)]
  return [...become(target.user, target.sudo, user), ...words]
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { attempt, type CommandResult } from '../../../lab/command.ts'

/** The second terminal: commands of a block run one after the other, and what one exports or where it goes holds for the next. */
export class Terminal {
  readonly env: NodeJS.ProcessEnv
  readonly #state: string

  /** @param home stands for the home of whoever sits there, and is where the terminal is at first. */
  constructor(home: string) {
    this.#state = join(home, '.terminal')
    this.env = {
      HOME: home,
      USER: 'you',
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      npm_config_cache: process.env.npm_config_cache ?? join(process.env.HOME ?? '', '.npm'),
    }
  }

  /** Runs a block up to the first command that fails. */
  type(commands: string): Promise<CommandResult> {
    const script = `cd; [[ ! -e $1 ]] || . "$1"
trap '{ declare -px; printf "cd %q\\n" "$PWD"; } >"$1"' EXIT
exec 2>&1
set -e
${commands}`
    return attempt('bash', ['-c', script, 'bash', this.#state], { env: this.env })
  }
}

/** The first terminal: one program that runs until Ctrl-C, and what it has printed. */
export class Running {
  printed = ''
  readonly #child: ChildProcess

  constructor(command: string, cwd: string, env: NodeJS.ProcessEnv) {
    // A group of its own is what Ctrl-C goes to.
    this.#child = spawn('bash', ['-c', command], { cwd, env, detached: true })
    this.#child.stdout?.on('data', (bytes) => (this.printed += bytes))
    this.#child.stderr?.on('data', (bytes) => (this.printed += bytes))
  }

  async interrupt(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    const ended = once(this.#child, 'close')
    process.kill(-pid, 'SIGINT')
    await ended
  }
}

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
    this.env = { ...withoutOurs(process.env), ...npmOf(process.env), HOME: home }
    this.env.PATH = `${dirname(process.execPath)}:${process.env.PATH}`
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

/** What tests and whoever runs them have set, and a newcomer has not. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours =
    /^(DATABASE_URL|ORCHESTRA_.*|PG[A-Z]+|SSH_AUTH_SOCK|FORCE_COLOR|NODE_ENV|NODE_OPTIONS|VITEST.*)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)))
}

/** Another home has neither the cache nor the registry of this one. */
function npmOf({ HOME = '', npm_config_cache, npm_config_userconfig }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    npm_config_cache: npm_config_cache ?? join(HOME, '.npm'),
    npm_config_userconfig: npm_config_userconfig ?? join(HOME, '.npmrc'),
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

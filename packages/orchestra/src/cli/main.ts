import { type Command, CommanderError } from 'commander'
import { NotAgreed } from '../operate/index.ts'
import type { Act, Work } from './command.ts'
import { showFailure } from './failure.ts'
import { createProgram } from './program.ts'
import { type Ending, type GlobalOptions, Session } from './session.ts'
import { type Streams, Terminal } from './terminal.ts'

/** The world that a command runs in. */
export interface Host extends Streams {
  environment: NodeJS.ProcessEnv
  directory: string
}

const exitCodes: Readonly<Record<Ending, number>> = { done: 0, unfinished: 2 }

/** Runs one command and answers its exit code: 0 done, 1 error, 2 something failed or is pending. */
export async function main(args: readonly string[], host: Host = ownHost()): Promise<number> {
  let ending: Ending = 'done'
  const act: Act =
    <Args extends unknown[]>(work: Work<Args>) =>
    async (...all: [...Args, Command]) => {
      const command = all.at(-1) as Command
      const session = openSession(host, command.optsWithGlobals<GlobalOptions>())
      try {
        ending = await work(session, ...(all.slice(0, -1) as unknown as Args))
      } finally {
        await session.close()
      }
    }
  try {
    await createProgram(act, host).parseAsync([...args], { from: 'user' })
    return exitCodes[ending]
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const { terminal } = openSession(host, { json: args.includes('--json') })
    showFailure(terminal, error, host.environment)
    return error instanceof NotAgreed ? exitCodes.unfinished : 1
  }
}

function openSession(host: Host, options: GlobalOptions): Session {
  const { environment, directory } = host
  const terminal = new Terminal(host, { json: options.json === true, environment })
  return new Session({ terminal, options, directory, environment })
}

function ownHost(): Host {
  const { stdin, stdout, stderr, env: environment } = process
  // Whoever reads the output, as `head` does, may leave before its end.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return { stdin, stdout, stderr, environment, directory: process.cwd() }
}

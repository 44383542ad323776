import { endLine } from '../script/index.ts'
import { failure, shortened } from './failure.ts'

/** One script as a worker would send it. */
export interface HostScript {
  runId: string
  /** The whole of it, for stdin of `bootstrapCommand(runId)`. */
  text: string
  /** Whom it runs as, if not the login. */
  user: string | null
}

export interface HostRun {
  /** Null: ended by a signal. */
  code: number | null
  stdout: Uint8Array
  stderr: Uint8Array
}

/**
 * Where a backend is tried out: a throwaway directory, or a machine. Anything that can give a script to a shell may be one; see
 * `bootstrapCommand`.
 */
export interface TestHost {
  /** What messages call it. */
  readonly name: string
  /** Directories that a backend may change something below: these are compared before and after. */
  readonly watched: readonly string[]
  /** Runs a script and answers what it wrote, however it ended. Throws where the host does not answer. */
  run(script: HostScript): Promise<HostRun>
  /** Lets go of the host. */
  close(): Promise<void>
}

/** Runs a few lines of shell on a host, beside Orchestra's own scripts: to prepare something, or to damage it. */
export async function runOn(host: TestHost, lines: string, user: string | null = null): Promise<string> {
  const runId = 'beside'
  const { code, stdout, stderr } = await host.run({
    runId,
    text: `set -eu -o pipefail\n${lines}\n${endLine(runId)}\n`,
    user,
  })
  const said = Buffer.from(stdout).toString()
  if (code === 0) return said
  throw failure(
    `On ${host.name} this ended with ${code}: ${lines}\n${shortened(`${said}${Buffer.from(stderr)}`)}`,
  )
}

import { spawn } from 'node:child_process'

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

export interface CommandOptions {
  /** Written to the command's stdin, which is empty otherwise. */
  input?: string
  env?: NodeJS.ProcessEnv
}

/** A command of this machine that the lab needs did not succeed. */
export class LabError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'LabError'
    this.hint = hint
  }
}

/** Runs a command to its end, whatever its exit status. A signal counts as 128 and its absence of a code. */
export function attempt(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env ?? process.env })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? 128, stdout: `${Buffer.concat(stdout)}`, stderr: `${Buffer.concat(stderr)}` }),
    )
    // A command may end without reading its input; its exit status tells what happened.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** Runs a command that must succeed and returns its stdout. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await attempt(command, args, options)
  if (result.code === 0) return result.stdout
  throw new LabError(
    `${[command, ...args].join(' ')} ended with ${result.code}: ${(result.stderr || result.stdout).trim()}`,
  )
}

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { createGroups } from './cgroups.ts'

/** Joins every control group before `--`, writes its id to the file after it, and becomes the command. */
const launcher = `
  while [[ $1 != -- ]]; do echo $$ >"$1"; shift; done
  echo $$ >"$2"
  exec "\${@:3}"
`

/** Starts a command inside a control group. It outlives this process and ends with the group. */
export function spawnInGroup(
  group: string,
  pidFile: string,
  command: readonly string[],
  stdio: StdioOptions,
): ChildProcess {
  const args = ['-c', launcher, 'launcher', ...createGroups(group), '--', pidFile, ...command]
  const child = spawn('bash', args, { detached: true, stdio })
  child.unref()
  return child
}

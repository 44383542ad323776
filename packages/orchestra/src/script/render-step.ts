import { join, plain, type Rendered } from './rendered.ts'
import { quoteArgument } from './sh.ts'
import type { FileStep, Permissions, ReloadStep, RunStep, Step } from './steps.ts'

/** Steps that become lines of a shell script where they stand. Reloads are declared at its head. */
export type ShellStep = Exclude<Step, ReloadStep | { kind: 'write' } | { kind: 'call' }>

/** The lines that do one step: calls of the prelude's functions. */
export function renderStep(step: ShellStep): Rendered[] {
  switch (step.kind) {
    case 'run':
      return renderRun(step)
    case 'file':
      return [...renderShown(step.check), renderFile(step)]
    case 'directory':
      return [callOf('o_directory', plain(step.path), plain(step.mode ?? '-'), plain(ownership(step)))]
    case 'symlink':
      return [callOf('o_symlink', plain(step.path), plain(step.target))]
    case 'absent':
      return [callOf('o_absent', plain(step.path), ...(step.recursive ? [plain('recursive')] : []))]
  }
}

/** One line that calls a function of the prelude with these arguments, each exactly as it is. */
export function callOf(name: string, ...args: readonly Rendered[]): Rendered {
  return join([plain(name), ...args.map((argument) => argument.map(quoteArgument))], ' ')
}

/** The name of an owed reload: what its debt on the server is called. */
export function debtName(step: ReloadStep): string {
  return `${step.verb}.${step.service}`
}

function renderRun(step: RunStep): Rendered[] {
  const lines: Rendered[] = [...renderShown(step.unless), ...renderShown(step.onlyIf)]
  if (step.unless) lines.push(callOf('o_unless', step.unless))
  if (step.onlyIf) lines.push(callOf('o_only_if', step.onlyIf))
  if (step.input) lines.push(callOf('o_input', step.input))
  lines.push(callOf('o_run', step.command))
  return lines
}

/** Messages repeat a check or a guard: one that holds secrets goes by its masked text there. */
function renderShown(command: Rendered | null | undefined): Rendered[] {
  if (!command || command.secrets.length === 0) return []
  return [callOf('o_shows', command, plain(command.masked))]
}

function renderFile(step: FileStep): Rendered {
  const mask = plain(maskOf(step))
  const args = [plain(step.path), step.content, mask, plain(step.mode ?? '-'), plain(ownership(step))]
  return callOf('o_file', ...args, ...(step.check ? [step.check] : []))
}

/** The umask that a new file is written under, so that it never stands open for a moment. */
function maskOf(step: FileStep): string {
  const mode = step.mode ?? (step.content.secrets.length > 0 ? '600' : '644')
  return (0o666 & ~Number.parseInt(mode, 8)).toString(8).padStart(3, '0')
}

function ownership({ owner, group }: Permissions): string {
  if (owner === null && group === null) return '-'
  return group === null ? (owner ?? '') : `${owner ?? ''}:${group}`
}

import { join, plain, type Rendered } from './rendered.ts'
import { quoteArgument } from './sh.ts'
import type {
  AheadFileStep,
  FileStep,
  OwnStep,
  Permissions,
  ReloadStep,
  RunStep,
  Step,
  StreamedFileStep,
  TrashStep,
} from './steps.ts'

/** Steps that become lines of a shell script where they stand. Reloads are declared at its head. */
export type ShellStep = Exclude<
  Step,
  ReloadStep | StreamedFileStep | OwnStep | { kind: 'write' } | { kind: 'call' }
>

/** The lines that do one step: calls of the prelude's functions. */
export function renderStep(step: ShellStep): Rendered[] {
  switch (step.kind) {
    case 'run':
      return renderRun(step)
    case 'file':
      return [...renderShown(step.check), renderFile(step)]
    case 'ahead':
      return [callOf('o_ahead', plain(String(step.file)), step.content)]
    case 'ahead-file':
      return [...renderShown(step.check), renderAheadFile(step)]
    case 'directory':
      return [callOf('o_directory', plain(step.path), plain(step.mode ?? '-'), plain(ownerAndGroup(step)))]
    case 'symlink':
      return [callOf('o_symlink', plain(step.path), plain(step.target))]
    case 'trash':
      return renderTrash(step)
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
  const lines = renderGuards(step)
  if (step.input) lines.push(callOf('o_input', step.input))
  lines.push(callOf('o_run', step.command))
  return lines
}

function renderGuards({ unless, onlyIf }: Pick<RunStep, 'unless' | 'onlyIf'>): Rendered[] {
  const lines = [...renderShown(unless), ...renderShown(onlyIf)]
  if (unless) lines.push(callOf('o_unless', unless))
  if (onlyIf) lines.push(callOf('o_only_if', onlyIf))
  return lines
}

/** Messages repeat a check or a guard: one that holds secrets goes by its masked text there. */
function renderShown(command: Rendered | null | undefined): Rendered[] {
  if (!command || command.secrets.length === 0) return []
  return [callOf('o_shows', command, plain(command.masked))]
}

function renderFile(step: FileStep): Rendered {
  const mode = fileMode(step.mode, step.content.secrets.length > 0)
  const permissions = [maskOf(mode), mode, ownerAndGroup(step)].map(plain)
  const args = [plain(step.path), step.content, ...permissions]
  return callOf('o_file', ...args, ...(step.check ? [step.check] : []))
}

function renderAheadFile({ path, file, size, mode, check, ...step }: AheadFileStep): Rendered {
  const content = [path, String(file), String(size)].map(plain)
  const permissions = [mode, ownerAndGroup(step)].map(plain)
  return callOf('o_ahead_file', ...content, ...permissions, ...(check ? [check] : []))
}

function renderTrash(step: TrashStep): Rendered[] {
  const { path, directory, restore, note } = step
  const words = [path, directory ?? '-', restore ?? '', note ?? ''].map(plain)
  return [...renderGuards(step), callOf('o_trash', ...words)]
}

/** The umask that a new file is written under, so that it never stands open for a moment. */
function maskOf(mode: string): string {
  return (0o666 & ~Number.parseInt(mode, 8)).toString(8).padStart(3, '0')
}

/** A file that no mode was asked for is readable by all unless it holds a secret. */
export function fileMode(asked: string | null, holdsSecret: boolean): string {
  return asked ?? (holdsSecret ? '600' : '644')
}

/** As `chown` takes it; `-` where both are left open. */
export function ownerAndGroup({ owner, group }: Pick<Permissions, 'owner' | 'group'>): string {
  if (owner === null && group === null) return '-'
  return group === null ? (owner ?? '') : `${owner ?? ''}:${group}`
}

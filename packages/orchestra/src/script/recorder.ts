import { OrchestraError } from '../errors.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import { currentScope, keepingSecrets } from '../secrets/scope.ts'
import { asUser } from './as-user.ts'
import { checkMode, checkOwner, checkPath, checkService, checkVariable } from './names.ts'
import { type Content, checkPlain, join, plain, Rendered, renderText } from './rendered.ts'
import type {
  AbsentOptions,
  DirectoryOptions,
  FileContent,
  FileOptions,
  OwnOptions,
  ReloadOptions,
  RunOptions,
  Script,
  TrashOptions,
  Work,
} from './script.ts'
import { Command, quote } from './sh.ts'
import type { FileStep, Permissions, Step, StreamedFileStep } from './steps.ts'
import { renderPieces } from './streamed.ts'

const runNames: NamesOf<RunOptions> = {
  unless: true,
  onlyIf: true,
  input: true,
  as: true,
  cwd: true,
  env: true,
}
const directoryNames: NamesOf<DirectoryOptions> = { mode: true, owner: true, group: true }
const fileNames: NamesOf<FileOptions> = { ...directoryNames, check: true }
const absentNames: NamesOf<AbsentOptions> = { recursive: true }
const trashNames: NamesOf<TrashOptions> = {
  unless: true,
  onlyIf: true,
  restore: true,
  note: true,
  directory: true,
}
const ownNames: NamesOf<OwnOptions> = { exists: true, shared: true }
const reloadNames: NamesOf<ReloadOptions> = { command: true }

/** Records steps as a backend's methods ask for them. Each is checked at once, so that the error names its line. */
export class Recorder implements Script {
  readonly steps: Step[] = []

  run(command: Command, options: RunOptions = {}): void {
    checkOptions('a command', options, runNames)
    this.steps.push({
      kind: 'run',
      command: withSurroundings(command.rendered, options),
      unless: guard(options.unless, options),
      onlyIf: guard(options.onlyIf, options),
      input: options.input === undefined ? null : renderContent(options.input, 'the input of a command'),
    })
  }

  file(path: string, content: FileContent, options: FileOptions = {}): void {
    const checkedPath = checkPath(path, 'the path of a file')
    checkOptions(`the file ${checkedPath}`, options, fileNames)
    this.steps.push({
      ...contentStep(checkedPath, renderPieces(content, checkedPath)),
      check: options.check?.rendered ?? null,
      ...permissions(options, checkedPath),
    })
  }

  directory(path: string, options: DirectoryOptions = {}): void {
    const checkedPath = checkPath(path, 'the path of a directory')
    checkOptions(`the directory ${checkedPath}`, options, directoryNames)
    this.steps.push({ kind: 'directory', path: checkedPath, ...permissions(options, checkedPath) })
  }

  symlink(path: string, target: string): void {
    const checkedPath = checkPath(path, 'the path of a link')
    const what = `the target of ${checkedPath}`
    const checkedTarget = withoutSecrets(renderText(target, what), what, 'Name it by something else')
    if (checkedTarget === '') {
      throw new OrchestraError('ORC_VALUE_INVALID', `the target of ${checkedPath} is empty`, {
        hint: 'Give the path it points to',
      })
    }
    this.steps.push({ kind: 'symlink', path: checkedPath, target: checkedTarget })
  }

  absent(path: string, options: AbsentOptions = {}): void {
    checkOptions('`absent`', options, absentNames)
    this.steps.push({
      kind: 'absent',
      path: checkPath(path, 'a path to remove'),
      recursive: options.recursive ?? false,
    })
  }

  trash(path: string, options: TrashOptions = {}): void {
    const checkedPath = checkPath(path, 'a path to move to the trash')
    checkOptions(`the trash of ${checkedPath}`, options, trashNames)
    const { directory, restore, note } = options
    this.steps.push({
      kind: 'trash',
      path: checkedPath,
      directory: directory === undefined ? null : checkPath(directory, 'the directory of the trash'),
      restore:
        restore === undefined
          ? null
          : withoutSecrets(restore.rendered, `the command to restore ${checkedPath}`),
      note: note === undefined ? null : checkPlain(note, `the note on ${checkedPath}`),
      unless: options.unless?.rendered ?? null,
      onlyIf: options.onlyIf?.rendered ?? null,
    })
  }

  reload(service: string, options: ReloadOptions = {}): void {
    this.#owe('reload', service, options)
  }

  restart(service: string, options: ReloadOptions = {}): void {
    this.#owe('restart', service, options)
  }

  own(what: string, options: OwnOptions = {}): void {
    checkOptions('`own`', options, ownNames)
    const { exists, shared = false } = options
    if (exists === undefined) {
      this.steps.push({ kind: 'own', claim: { kind: 'path', path: checkPath(what, 'a path that is ours') } })
      return
    }
    const name = checkPlain(what, 'the name of what is ours')
    this.steps.push({ kind: 'own', claim: { kind: 'thing', name, exists: exists.rendered, shared } })
  }

  write(content: Content): void {
    this.steps.push({ kind: 'write', content: renderContent(content, 'the text for an interpreter') })
  }

  call(name: string, work: Work): void {
    const scope = currentScope()
    const keeping: Work = ({ signal, log }) =>
      keepingSecrets([], (inner) => work({ signal, log: (line) => log(inner.redact(line)) }), scope)
    this.steps.push({ kind: 'call', name: checkPlain(name, 'the name of a call'), work: keeping })
  }

  #owe(verb: 'reload' | 'restart', service: string, options: ReloadOptions): void {
    const checked = checkService(service, `the service to ${verb}`)
    checkOptions(`the ${verb} of ${checked}`, options, reloadNames)
    const command = options.command?.rendered ?? plain(`systemctl ${verb} ${checked}`)
    const kept = withoutSecrets(command, `the command to ${verb} ${checked}`)
    this.steps.push({ kind: 'reload', verb, service: checked, command: kept })
  }
}

/** For what everybody may see: a link's target, a command that is kept in a file on the server. */
function withoutSecrets(
  text: Rendered,
  what: string,
  hint = 'Let the command read it from a file that the backend writes',
): string {
  if (text.secrets.length === 0) return text.reveal()
  throw new OrchestraError('ORC_SECRET_JOINED', `${what} holds a secret`, { hint })
}

type ContentStep =
  | Pick<FileStep, 'kind' | 'path' | 'content'>
  | Pick<StreamedFileStep, 'kind' | 'path' | 'pieces'>

function contentStep(path: string, pieces: StreamedFileStep['pieces']): ContentStep {
  const atHand = pieces.filter((piece) => piece instanceof Rendered)
  return atHand.length === pieces.length
    ? { kind: 'file', path, content: join(atHand) }
    : { kind: 'streamed-file', path, pieces }
}

function renderContent(content: Content, what: string): Rendered {
  return renderText(content, what)
}

function permissions(options: DirectoryOptions, path: string): Permissions {
  return {
    mode: checkMode(options.mode, `the mode of ${path}`),
    owner: checkOwner(options.owner, `the owner of ${path}`),
    group: checkOwner(options.group, `the group of ${path}`),
  }
}

function guard(command: Command | undefined, options: RunOptions): Rendered | null {
  return command === undefined ? null : withSurroundings(command.rendered, options)
}

/** The command as the user it is for, with its directory and variables, which hold for it alone because it runs in a subshell. */
function withSurroundings(command: Rendered, { as, ...options }: RunOptions): Rendered {
  const surrounded = inDirectory(command, options)
  return as === undefined ? surrounded : asUser(as, new Command(surrounded)).rendered
}

function inDirectory(command: Rendered, { cwd, env = {} }: RunOptions): Rendered {
  const lines: Rendered[] = []
  if (cwd !== undefined) lines.push(plain(`cd -- ${quote(checkPath(cwd, 'the directory of a command'))}`))
  for (const [name, value] of Object.entries(env)) {
    const variable = checkVariable(name, 'a variable of a command')
    lines.push(
      renderText(value, `the variable ${variable}`).map((text) => `export ${variable}=${quote(text)}`),
    )
  }
  return lines.length === 0 ? command : join([...lines, command], '\n')
}

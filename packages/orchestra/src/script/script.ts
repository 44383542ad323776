import type { Secret } from '../secrets/secret.ts'
import type { Streamed } from './objects.ts'
import type { Content } from './rendered.ts'
import type { Command } from './sh.ts'

/** What a file may hold: one content, or several one after the other. `sync` may also stream what it makes of objects. */
export type FileContent = Content | Streamed | readonly (Content | Streamed)[]

export interface RunOptions {
  /** Skip the command when this one succeeds. */
  unless?: Command
  /** Skip the command unless this one succeeds. */
  onlyIf?: Command
  /** The command's stdin; default nothing. The place for secrets: it is in no argument list and in no file. */
  input?: Content
  /**
   * User, by name or number, whom the command and its guards run as; default whom the script runs as, mostly root. For what
   * happens in a place that this user can write to: root must not act by name there. It starts in the user's home, with nothing of
   * root's environment.
   */
  as?: string | number
  /** Directory to run in; default where the script starts. */
  cwd?: string
  /** Variables exported to the command and to nothing else. */
  env?: Readonly<Record<string, string | number | bigint | boolean | Secret>>
}

export interface FileOptions {
  /**
   * Octal, `'0640'` or `0o640`. Default: 0644, or 0600 when it holds a secret. A file with another mode has drifted, and the next
   * save restores it.
   */
  mode?: string | number
  /**
   * User name or number. Default: who acts there, which is the user in a user's place and else whom the script runs as, mostly root.
   * A file with another owner has drifted, and the next save restores it.
   */
  owner?: string | number
  /** Name or number of the group; restored when it drifted. Default: as the server gives it to a new file, and left alone then. */
  group?: string | number
  /**
   * Decides whether the new file may stay, for example sh`nginx -t`. It runs with the new content in place, once
   * for all files of a batch. When it fails, the files that make it fail are put back as they were, and their
   * operations fail with its output.
   */
  check?: Command
}

/**
 * What is given is restored when it drifted. What is not is left alone: a directory that is there already may be shared. A new one
 * is of who acts there, with the mode 0755.
 */
export interface DirectoryOptions {
  /** Octal, `'0750'` or `0o750`. */
  mode?: string | number
  /** User name or number. */
  owner?: string | number
  group?: string | number
}

export interface AbsentOptions {
  /** Remove a directory with everything in it. Without it, only files, links and empty directories go. */
  recursive?: boolean
}

export interface TrashOptions {
  /** Leave it where it is when this one succeeds. */
  unless?: Command
  /** Leave it where it is unless this one succeeds. */
  onlyIf?: Command
  /** Runs after `orchestra trash restore` put it back; when it fails, it goes into the trash again. It is kept on the server. */
  restore?: Command
  /** What people should know when they find it in the trash, in a few words. */
  note?: string
  /**
   * Where it is kept; root alone may be able to write there. Default: below Orchestra's state on the server, or at the top of the
   * file system that holds the path, so that nothing has to be copied.
   */
  directory?: string
}

export interface OwnOptions {
  /** Succeeds when it is there. Without it, what is ours is a path. */
  exists?: Command
  /** It is ours as long as the backend works on the server, and not only as long as its object. */
  shared?: boolean
}

export interface ReloadOptions {
  /** What to run; default `systemctl reload NAME` or `systemctl restart NAME`. It is kept on the server while owed. */
  command?: Command
}

/**
 * Records what should be true on a server. Nothing happens while a method runs: each call adds a step to the
 * operation's script. The steps of an operation run in order and stop at the first that fails; other
 * operations go on.
 *
 * Paths are absolute, or relative to the directory that scripts start in.
 */
export interface Script {
  /**
   * Runs a command under `set -eu -o pipefail` in a subshell of its own: nothing it sets reaches another step.
   * Its stdin is empty unless `input` is given. A command that ran counts as a change.
   */
  run(command: Command, options?: RunOptions): void
  /**
   * A file with exactly this content. It is written beside and renamed: readers see the old or the new. As with all steps for
   * files, no directory above it may be a link or writable by others; below a user's directory the step runs as that user, with
   * no `check` and no other `owner`.
   */
  file(path: string, content: FileContent, options?: FileOptions): void
  /** A directory, made with its parents when it is missing. Of one that is reached by a link, mode and owner are left alone. */
  directory(path: string, options?: DirectoryOptions): void
  /** A symbolic link that holds exactly this target. */
  symlink(path: string, target: string): void
  /** Nothing at this path. What something is mounted in is not removed. */
  absent(path: string, options?: AbsentOptions): void
  /**
   * Nothing at this path; what was there can be put back with `orchestra trash restore` until retention ends. For what holds
   * people's data. What something is mounted in stays where it is.
   */
  trash(path: string, options?: TrashOptions): void
  /**
   * Reloads a service once at the end of the script if something changed: in an operation, what the operation
   * changed; in `prepare` and `commit`, anything. It is owed from before the first change until it succeeded,
   * whatever happens in between.
   */
  reload(service: string, options?: ReloadOptions): void
  /** As `reload`, and in its place where both are asked for. */
  restart(service: string, options?: ReloadOptions): void
  /**
   * Says that a command of this method makes something: a path, or anything else with a name and a command that tells whether it
   * is there. What is there already and was not made by Orchestra is not touched: nothing of the operation happens, and it fails
   * with `ORC_NOT_OURS`. Steps for files and directories say so by themselves.
   */
  own(what: string, options?: OwnOptions): void
  /** Text for the backend's own interpreter (`python3`, `psql`). It cannot stand beside the steps of a shell script. */
  write(content: Content): void
  /** Work done by the worker itself, for a service that is an HTTP API. It cannot stand beside other steps. */
  call(name: string, work: Work): void
}

/** What a call may use. It should end soon after `signal` aborts. */
export interface WorkContext {
  signal: AbortSignal
  /** Adds a line to the operation's output. */
  log(line: string): void
}

/** Returns whether it changed something; nothing means it did. */
export type Work = (context: WorkContext) => Promise<WorkResult> | WorkResult

export type WorkResult = 'changed' | 'unchanged' | undefined

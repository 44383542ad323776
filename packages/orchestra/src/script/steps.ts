import type { Streamed } from './objects.ts'
import type { Rendered } from './rendered.ts'
import type { Work } from './script.ts'

/** Who may do what with a file or directory: checked values, null where the backend left it open. */
export interface Permissions {
  /** Octal digits without leading zeros. */
  mode: string | null
  owner: string | null
  group: string | null
}

/** Something on a server that an object, or a backend as a whole, makes or removes. */
export type Claim =
  /** Whatever is at this path already is not ours. */
  | { kind: 'path'; path: string }
  /** One that is there already is shared, as long as nothing about it has to change. */
  | ({ kind: 'directory'; path: string } & Permissions)
  /** What is no file, and the command that tells whether it is there. */
  | { kind: 'thing'; name: string; exists: Rendered; shared: boolean }

export interface FileStep extends Permissions {
  kind: 'file'
  path: string
  content: Rendered
  check: Rendered | null
}

/** A file whose content is made while it is sent; only a backend's `sync` asks for one. */
export interface StreamedFileStep extends Permissions {
  kind: 'streamed-file'
  path: string
  pieces: readonly (Rendered | Streamed)[]
  check: Rendered | null
}

/** A part of such a content, in a script that does nothing but bring it. */
export interface AheadStep {
  kind: 'ahead'
  /** Which of the run's files it belongs to. */
  file: number
  content: Rendered
}

/** A file whose content is on the server already, brought ahead in parts. */
export interface AheadFileStep extends Permissions {
  kind: 'ahead-file'
  path: string
  file: number
  /** Bytes that must have arrived. */
  size: number
  mode: string
  check: Rendered | null
}

export interface DirectoryStep extends Permissions {
  kind: 'directory'
  path: string
}

export interface RunStep {
  kind: 'run'
  command: Rendered
  unless: Rendered | null
  onlyIf: Rendered | null
  input: Rendered | null
}

/** Nothing at a path; what was there stays in the server's trash for a while. */
export interface TrashStep {
  kind: 'trash'
  path: string
  /** The trash's own root; null for one on the same file system. */
  directory: string | null
  /** What to run once it was put back. */
  restore: string | null
  note: string | null
  unless: Rendered | null
  onlyIf: Rendered | null
}

/** A service to reload or restart when something changed. */
export interface ReloadStep {
  kind: 'reload'
  verb: 'reload' | 'restart'
  service: string
  command: string
}

/** Something that commands make; for what other steps make, they speak themselves. */
export interface OwnStep {
  kind: 'own'
  claim: Exclude<Claim, { kind: 'directory' }>
}

/** One thing that a backend's method asked for: data, checked, ready to be rendered. */
export type Step =
  | RunStep
  | FileStep
  | StreamedFileStep
  | AheadStep
  | AheadFileStep
  | DirectoryStep
  | { kind: 'symlink'; path: string; target: string }
  | { kind: 'absent'; path: string; recursive: boolean }
  | TrashStep
  | ReloadStep
  | OwnStep
  | { kind: 'write'; content: Rendered }
  | { kind: 'call'; name: string; work: Work }

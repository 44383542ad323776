import type { Rendered } from './rendered.ts'
import type { Work } from './script.ts'

/** Who may do what with a file or directory: checked values, null where the backend left it open. */
export interface Permissions {
  /** Octal digits without leading zeros. */
  mode: string | null
  owner: string | null
  group: string | null
}

export interface FileStep extends Permissions {
  kind: 'file'
  path: string
  content: Rendered
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

/** A service to reload or restart when something changed. */
export interface ReloadStep {
  kind: 'reload'
  verb: 'reload' | 'restart'
  service: string
  command: string
}

/** One thing that a backend's method asked for: data, checked, ready to be rendered. */
export type Step =
  | RunStep
  | FileStep
  | DirectoryStep
  | { kind: 'symlink'; path: string; target: string }
  | { kind: 'absent'; path: string; recursive: boolean }
  | ReloadStep
  | { kind: 'write'; content: Rendered }
  | { kind: 'call'; name: string; work: Work }

import type { Recording } from './record.ts'
import type { Ownership, SharedOwnership } from './render-ownership.ts'
import type { Rendered } from './rendered.ts'

/** One operation of a script, with the steps that its method recorded. */
export interface ScriptOperation {
  /** What results and output of this operation carry. */
  index: number
  /** What people read: `save site:12`. */
  label: string
  /** Operations of different actions keep their order in the script; those of one are interleaved. */
  action: string
  recording: Recording
  /** What it may touch; without it, nothing is asked. */
  ownership?: () => Ownership
}

export interface ScriptRequest {
  runId: string
  backend: string
  server: string
  /** Grows with every owner of the server's lane; a script with a lower one than the server saw does not run. */
  fence: number
  /** Seconds to wait for another script on the server. */
  lockWait?: number
  /** Seconds that a guard or a check may take; default no limit. */
  patience?: number
  /** Seconds after which its worker ends this script; another one ends it when the worker is gone. Default no limit. */
  limit?: number | undefined
  /** The run whose content this script brings ahead; default none, and then what waits for no run is removed. */
  ahead?: string
  /** Command that reads a program of `write` steps; default bash and the steps of a shell script. */
  interpreter?: readonly string[]
  operations: readonly ScriptOperation[]
  prepare?: Recording
  commit?: Recording
  /** What belongs to the backend as a whole. */
  shared?: SharedOwnership
  /** Prints the identities of all that the server has of this backend; tells what is there without a mark. */
  list?: Rendered
  /** Runs whose outcome is recorded: the server forgets them. */
  acknowledge?: readonly string[]
  /** 32 hexadecimal digits that delimit the output; default random. */
  token?: string
}

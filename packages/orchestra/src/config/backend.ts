import type { z } from 'zod'
import { checkOptions, type NamesOf } from '../options.ts'
import type { Objects } from '../script/objects.ts'
import type { Script } from '../script/script.ts'
import type { Command } from '../script/sh.ts'
import type { CopyLimits } from '../script/transfer.ts'
import { guardFunctions } from '../secrets/guarded.ts'
import type { Model, ObjectOf } from './model.ts'

export interface Timeouts {
  /** Milliseconds until a connection must stand. */
  connect: number
  /** Milliseconds without a byte of output. */
  idle: number
  /** Milliseconds for a whole script. */
  total: number
  /** Milliseconds for one guard, check, `list` or `exists`, which only look; never more than most of `idle`. */
  check?: number
}

export type Action<O> = (script: Script, object: O) => void

/** What becomes of the copy under the old identity, where a backend has no `rename`. */
export type RenamePolicy = 'replace' | 'keep' | 'refuse'

/** What becomes of the copy on a server that an object no longer belongs on. */
export type MovePolicy = 'keep' | 'remove' | 'migrate'

/** What a scheduled check does about an object that is not as it should be. */
export type DriftPolicy = 'report' | 'repair'

/** What becomes of an object whose standing files make a check fail that others need. */
export type BrokenPolicy = 'disable' | 'keep'

/** Differences that are no drift. */
export interface IgnoreRules {
  /** Lines of files that may differ, come and go. */
  lines?: readonly RegExp[]
  /** Identities that a server may have without their being ours. */
  found?: readonly RegExp[]
  /** Whether mode and owner may differ. */
  permissions?: boolean
}

/**
 * How the data of an object travels from one server to another. `dump` streams into `restore`; each command may run again, after
 * it was interrupted or after it succeeded unnoticed. What is restored and then not wanted any more goes with `delete`; what lies beside
 * a former name goes with `rename`, and the data is copied anew when the text of `restore`, `verify.restored` or `switch` has changed.
 */
export interface Transfer<O> {
  /** Where this data needs other limits than `worker.copy`. */
  limits?: Partial<CopyLimits>
  /** On the old server: writes the data to stdout. */
  dump(object: O): Command
  /**
   * On the new server: reads the data from stdin and puts it beside its place. It begins with removing what an earlier try left: after
   * a copy that went over a limit it is given no data, so that its room is others' again.
   */
  restore(object: O): Command
  /** On both servers: prints what must be the same on both, of the original and of the restored data. */
  verify?: { original(object: O): Command; restored(object: O): Command }
  /** On the new server: puts the restored data into its place. */
  switch(object: O): Command
}

export interface BackendOptions<Schema extends z.ZodType, Secrets extends string> {
  name: string
  model: Model<Schema, Secrets>
  /** What names the object on a server; default its key. */
  identity?: (object: ObjectOf<Schema, Secrets>) => string
  /** Names of backends whose scripts run before this one's (deletes: after it). */
  after?: readonly string[]
  /** Command that reads the script on stdin; default bash with Orchestra's prelude. */
  interpreter?: readonly string[]
  /** User that the script runs as on the server; default the login. */
  user?: string
  timeouts?: Partial<Timeouts>
  /** Runs once before the first operation of a script. */
  prepare?: (script: Script) => void
  save?: Action<ObjectOf<Schema, Secrets>>
  delete?: Action<ObjectOf<Schema, Secrets>>
  /**
   * Instead of `save` and `delete`: writes the whole configuration of a server from all its objects, once whatever number of
   * them has changed.
   */
  sync?: (script: Script, objects: Objects<ObjectOf<Schema, Secrets>>) => void
  /** Moves what stands under the previous object's identity to the object's own. `save` follows in the same operation. */
  rename?: (script: Script, object: ObjectOf<Schema, Secrets>, previous: ObjectOf<Schema, Secrets>) => void
  /**
   * The object under a name that nobody else has, for as long as two or more that swap their names need one. Without it, objects
   * whose names go round wait for a person, where there is a `rename`.
   */
  park?: (object: ObjectOf<Schema, Secrets>) => ObjectOf<Schema, Secrets>
  /** For a backend without `rename`; default `replace`: the old is deleted, then the new is saved. */
  onRename?: RenamePolicy
  /** Default `keep`: the old copy stays and is shown. */
  onMove?: MovePolicy
  /** Needed for `onMove: 'migrate'`. */
  transfer?: Transfer<ObjectOf<Schema, Secrets>>
  /** Prints the identities of everything of this kind that a server has, ours or not, one a line. */
  list?: Command
  /**
   * Succeeds when something of this identity is there, ours or not. Default: `list` tells, or the paths that are named by `save`
   * and `delete`.
   */
  exists?: (identity: string) => Command
  /** Prints what people should know about one of them, before they adopt it. */
  read?: (identity: string) => Command
  /** Removes something of ours of which nothing but its identity is known. */
  prune?: (script: Script, identity: string) => void
  /** Refuses the removal of every object, or of those for which it answers true. */
  protect?: boolean | ((object: ObjectOf<Schema, Secrets>) => boolean)
  /** Default `report`. */
  onDrift?: DriftPolicy
  ignore?: IgnoreRules
  /**
   * Default `disable`: the files that the check reads are removed, so that others are not refused because of them, and come back with
   * the next save that succeeds. It is tried again until then.
   */
  onBroken?: BrokenPolicy
  /** Actions beyond save and delete, asked for with `orchestra.collect(model, key, action)`. */
  actions?: Readonly<Record<string, Action<ObjectOf<Schema, Secrets>>>>
  /** Runs once after the last operation of a script. */
  commit?: (script: Script) => void
}

export type Backend = Readonly<BackendOptions<z.ZodType, string>>

/** The backend, whose methods tell no secret of their objects by what they throw. A model's schema is guarded where it is used. */
export function guardBackend(backend: Backend): Backend {
  return guardFunctions(backend, ['model'])
}

export const timeoutNames: NamesOf<Timeouts> = { connect: true, idle: true, total: true, check: true }
export const copyNames: NamesOf<CopyLimits> = { bytes: true, free: true, total: true }
const verify: NamesOf<NonNullable<Transfer<unknown>['verify']>> = { original: true, restored: true }
const transfer: NamesOf<Transfer<unknown>> = {
  limits: copyNames,
  dump: true,
  restore: true,
  verify,
  switch: true,
}
const ignore: NamesOf<IgnoreRules> = { lines: true, found: true, permissions: true }

const backendOptions: NamesOf<BackendOptions<z.ZodType, string>> = {
  name: true,
  model: true,
  identity: true,
  after: true,
  interpreter: true,
  user: true,
  timeouts: timeoutNames,
  prepare: true,
  save: true,
  delete: true,
  sync: true,
  rename: true,
  park: true,
  onRename: true,
  onMove: true,
  transfer,
  exists: true,
  list: true,
  read: true,
  prune: true,
  protect: true,
  onDrift: true,
  onBroken: true,
  ignore,
  actions: true,
  commit: true,
}

/**
 * Defines a backend: what should be true on a server for one object of a model.
 * @throws OrchestraError ORC_OPTION_UNKNOWN
 */
export function defineBackend<Schema extends z.ZodType, Secrets extends string>(
  options: BackendOptions<Schema, Secrets>,
): Backend {
  checkOptions(`backend \`${options.name}\``, options, backendOptions)
  // The object is checked against the backend's own model before a method sees it.
  return guardBackend(options as unknown as Backend)
}

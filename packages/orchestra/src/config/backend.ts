import type { z } from 'zod'
import type { Script } from '../script/script.ts'
import type { Model, ObjectOf } from './model.ts'

export interface Timeouts {
  /** Milliseconds until a connection must stand. */
  connect: number
  /** Milliseconds without a byte of output. */
  idle: number
  /** Milliseconds for a whole script. */
  total: number
}

export type Action<O> = (script: Script, object: O) => void

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
  /** Actions beyond save and delete, asked for with `orchestra.collect(model, key, action)`. */
  actions?: Readonly<Record<string, Action<ObjectOf<Schema, Secrets>>>>
  /** Runs once after the last operation of a script. */
  commit?: (script: Script) => void
}

export type Backend = Readonly<BackendOptions<z.ZodType, string>>

/** Defines a backend: what should be true on a server for one object of a model. */
export function defineBackend<Schema extends z.ZodType, Secrets extends string>(
  options: BackendOptions<Schema, Secrets>,
): Backend {
  // The object is checked against the backend's own model before a method sees it.
  return options as unknown as Backend
}

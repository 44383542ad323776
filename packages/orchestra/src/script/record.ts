import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import { type Objects, objectsOf } from './objects.ts'
import { Recorder } from './recorder.ts'
import type { Script } from './script.ts'
import type { Step } from './steps.ts'
import { withContent } from './streamed.ts'

/** What a method asked for, or why it could not be asked. */
export type Recording =
  | { kind: 'recorded'; steps: readonly Step[] }
  | { kind: 'failed'; error: OrchestraError }

/** Lets a function record its steps. What it throws becomes a failure with a name instead of stopping the others. */
export function record(what: string, method: (script: Script) => void): Recording {
  const recorder = new Recorder()
  try {
    const returned: unknown = method(recorder)
    if (returned instanceof Promise) return { kind: 'failed', error: refuseAsync(what, returned) }
    return { kind: 'recorded', steps: recorder.steps }
  } catch (error) {
    return { kind: 'failed', error: named(what, error) }
  }
}

/** A backend that writes all its objects at once, as far as recording needs it. */
export interface RecordedSync<O> {
  name: string
  sync: (script: Script, objects: Objects<O>) => void
}

/** The steps that write the whole configuration; the content of their files is made while it is sent. */
export function recordSync<O>({ name, sync }: RecordedSync<O>, objects: Objects<O>): Recording {
  return record(`${name}: sync`, (script) => sync(script, objects))
}

/** What such a backend would write if there were no other objects: tells whether it can, and what they contribute. */
export function recordAlone<O>(backend: RecordedSync<O>, objects: readonly O[], label = 'sync'): Recording {
  const recording = recordSync(backend, objectsOf(objects))
  if (recording.kind === 'failed') return recording
  try {
    return { kind: 'recorded', steps: withContent(recording.steps) }
  } catch (error) {
    return { kind: 'failed', error: named(`${backend.name}: ${label}`, error) }
  }
}

/** A backend as far as recording needs it. */
export interface RecordedBackend<O> {
  name: string
  save?: (script: Script, object: O) => void
  delete?: (script: Script, object: O) => void
  actions?: Readonly<Record<string, (script: Script, object: O) => void>>
}

/** The steps of one operation: what the backend's method for this action asks for, for this object. */
export function recordOperation<O>(
  backend: RecordedBackend<O>,
  action: string,
  object: O,
  label = action,
): Recording {
  const method = methodOf(backend, action)
  if (!method) {
    const error = new OrchestraError(
      'ORC_BACKEND_THREW',
      `backend ${backend.name} has no method for the action ${action}`,
      {
        hint: `Define \`${action}\` on the backend, or don't collect this action for its model`,
      },
    )
    return { kind: 'failed', error }
  }
  return record(`${backend.name}: ${label}`, (script) => method(script, object))
}

function methodOf<O>(
  backend: RecordedBackend<O>,
  action: string,
): ((script: Script, object: O) => void) | undefined {
  if (action === 'save') return backend.save?.bind(backend)
  if (action === 'delete') return backend.delete?.bind(backend)
  return backend.actions && Object.hasOwn(backend.actions, action) ? backend.actions[action] : undefined
}

function named(what: string, error: unknown): OrchestraError {
  if (isOrchestraError(error)) {
    return new OrchestraError(error.code, `${what}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
  return new OrchestraError('ORC_BACKEND_THREW', `${what}: the method threw: ${messageOf(error)}`, {
    cause: error,
  })
}

function refuseAsync(what: string, promise: Promise<unknown>): OrchestraError {
  promise.catch(() => undefined)
  return new OrchestraError('ORC_BACKEND_THREW', `${what}: the method is async`, {
    hint: "Methods only record steps; load what they need in the model's loader, or use script.call",
  })
}

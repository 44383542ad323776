import type { Backend } from '../config/backend.ts'
import { joinRecordings, recordRenames } from '../manager/renaming.ts'
import { type Recording, record, recordOperation } from '../script/index.ts'
import { recordAlone } from '../script/record.ts'
import { failure } from './failure.ts'
import type { SealedObject } from './fixture.ts'

/** What a script does for one object. */
export interface Operation {
  /** As people read it: `save`. */
  label: string
  action: string
  recording: Recording
}

export function saveOf(backend: Backend, object: SealedObject): Operation {
  return actionOf(backend, 'save', object)
}

export function deleteOf(backend: Backend, object: SealedObject): Operation {
  return actionOf(backend, 'delete', object)
}

export function actionOf(backend: Backend, action: string, object: SealedObject): Operation {
  return { label: action, action, recording: recordOperation(backend, action, object as never) }
}

/** What takes an object from one identity to another. */
export function renameOf(backend: Backend, object: SealedObject, previous: SealedObject): Operation {
  const save = recordOperation(backend, 'save', object as never)
  const recording = joinRecordings([...recordRenames(backend, object, [previous], 'rename'), save])
  return { label: 'rename', action: 'save', recording }
}

export function pruneOf(backend: Backend, identity: string): Operation {
  const recording = record(`${backend.name}: prune`, (script) => backend.prune?.(script, identity))
  return { label: 'prune', action: 'prune', recording }
}

/** For a backend with `sync`: the whole configuration of a server with these objects. */
export function syncOf(backend: Backend, objects: readonly SealedObject[]): Operation {
  const { name, sync } = backend
  if (sync === undefined) throw failure(`${name} has no \`sync\``)
  return {
    label: 'sync',
    action: 'sync',
    recording: recordAlone({ name, sync }, objects as readonly never[]),
  }
}

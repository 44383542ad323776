import type { Backend } from '../config/backend.ts'
import { formatKey } from '../config/key.ts'
import { ownershipOf, ownershipOfPruned } from '../recording/ownership.ts'
import { joinRecordings, recordRenames } from '../recording/renaming.ts'
import { type Ownership, type Recording, record, recordOperation } from '../script/index.ts'
import { recordAlone } from '../script/record.ts'
import { failure } from './failure.ts'
import type { SealedObject } from './fixture.ts'

/** What a script does for one object. */
export interface Operation {
  /** As people read it: `save`. */
  label: string
  action: string
  recording: Recording
  /** What it may touch. */
  ownership?: () => Ownership
}

export function saveOf(backend: Backend, object: SealedObject): Operation {
  return actionOf(backend, 'save', object)
}

export function deleteOf(backend: Backend, object: SealedObject): Operation {
  return actionOf(backend, 'delete', object)
}

export function actionOf(backend: Backend, action: string, object: SealedObject): Operation {
  return operation(backend, action, action, object, recordOperation(backend, action, object as never))
}

/** What takes an object from one identity to another. */
export function renameOf(backend: Backend, object: SealedObject, previous: SealedObject): Operation {
  const save = recordOperation(backend, 'save', object as never)
  const recording = joinRecordings([...recordRenames(backend, object, [previous], 'rename'), save])
  return operation(backend, 'rename', 'save', object, recording, previous)
}

function operation(
  backend: Backend,
  label: string,
  action: string,
  object: SealedObject,
  recording: Recording,
  previous?: SealedObject,
): Operation {
  const named = (one: SealedObject) => ({ identity: identityOf(backend, one), object: one })
  const ownership = () =>
    ownershipOf({
      backend,
      action,
      current: named(object),
      recording,
      lasting: previous === undefined ? recording : recordOperation(backend, 'save', object as never),
      previous: previous === undefined ? [] : [named(previous)],
      unmarked: [],
    })
  return { label, action, recording, ownership }
}

/** What a backend calls an object. */
export function identityOf(backend: Backend, object: SealedObject): string {
  if (backend.identity !== undefined) return backend.identity(object as never)
  return formatKey(backend.model.key.map((column) => String(object[column])))
}

export function pruneOf(backend: Backend, identity: string): Operation {
  const recording = record(`${backend.name}: prune`, (script) => backend.prune?.(script, identity))
  const ownership = () => ownershipOfPruned(backend, identity, recording)
  return { label: 'prune', action: 'prune', recording, ownership }
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

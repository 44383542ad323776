import type { Backend } from '../config/backend.ts'
import { type RawObject, sealed } from './fixture.ts'
import type { TestHost } from './host.ts'
import { actionOf, type Operation, pruneOf, renameOf, syncOf } from './operation.ts'
import { type Applied, apply } from './workbench.ts'

/** What a script should do. */
export type WantedOperation =
  /** `save`, `delete` or an action of the backend's own; with `previous`, a save of what had another identity. */
  | { action: string; object: RawObject; previous?: RawObject }
  | { prune: string }
  /** All objects of a backend with `sync`. */
  | { sync: readonly RawObject[] }

/** Runs operations in one script on a host, as a worker would, for tests that look at what came of it. */
export function runOperations(
  host: TestHost,
  backend: Backend,
  wanted: readonly WantedOperation[],
): Promise<Applied> {
  return apply(
    backend,
    host,
    wanted.map((one) => operationFor(backend, one)),
  )
}

function operationFor(backend: Backend, wanted: WantedOperation): Operation {
  const open = (raw: RawObject) => sealed(backend, raw, 'an object of this test')
  if ('prune' in wanted) return pruneOf(backend, wanted.prune)
  if ('sync' in wanted) return syncOf(backend, wanted.sync.map(open))
  const { action, object, previous } = wanted
  if (previous !== undefined) return renameOf(backend, open(object), open(previous))
  return actionOf(backend, action, open(object))
}

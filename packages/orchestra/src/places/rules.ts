import type { Backend } from '../config/backend.ts'
import type { Rules } from './place.ts'

/** How a backend wants its objects to be treated. */
export function rulesOf(backend: Backend | undefined): Rules {
  return { onMove: backend?.onMove ?? 'keep', onRename: renaming(backend), onCircle: circling(backend) }
}

/** What save replaces anyway may go round in one script. */
function circling(backend: Backend | undefined): Rules['onCircle'] {
  if (backend?.rename === undefined) return 'turn'
  return backend.park === undefined ? 'ask' : 'park'
}

/** What is written as a whole has no names of its own: there is nothing to rename, and nothing in the way. */
function renaming(backend: Backend | undefined): Rules['onRename'] {
  if (backend === undefined) return 'refuse'
  if (backend.rename !== undefined || backend.sync !== undefined) return 'move'
  if (backend.onRename === undefined) return backend.delete === undefined ? 'keep' : 'replace'
  return backend.onRename === 'replace' && backend.delete === undefined ? 'keep' : backend.onRename
}

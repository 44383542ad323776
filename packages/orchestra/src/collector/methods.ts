import type { Backend } from '../config/backend.ts'

/** Whether a backend does anything for an action. */
export function can(backend: Backend, action: string): boolean {
  const isWhole = backend.sync !== undefined && (action === 'save' || action === 'delete')
  return isWhole || methodOf(backend, action) !== undefined
}

/** The backend's method for an action; undefined when it has none. */
export function methodOf(backend: Backend, action: string): Backend['save'] {
  if (action === 'save') return backend.save
  if (action === 'delete') return backend.delete
  return Object.hasOwn(backend.actions ?? {}, action) ? backend.actions?.[action] : undefined
}

import type { Previous } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import type { ScriptOperation } from '../script/index.ts'
import { formerOf } from './renaming.ts'

/**
 * What an operation makes ours on its server, and what it gives up. Marks are kept for backends that can list what a server has:
 * without a list, nothing is ever found to be nobody's. Pure.
 */
export function ownershipOf(
  backend: Backend,
  action: string,
  identity: string | null,
  previous: readonly Previous[],
): Pick<ScriptOperation, 'own' | 'disown'> {
  if (backend.list === undefined || identity === null) return {}
  const former = previous.map((one) => one.identity)
  if (action === 'save') {
    const given = formerOf(backend) === 'gone' ? former : []
    return given.length === 0 ? { own: identity } : { own: identity, disown: given }
  }
  return action === 'delete' || action === 'prune' ? { disown: [identity, ...former] } : {}
}

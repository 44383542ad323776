import type { Wanted } from './coalesce.ts'
import type { Decision, DecisionKind, Fate } from './decision.ts'
import type { Placed } from './placed.ts'

/** What all decisions about a wanted object begin as. */
export function undecided(wanted: Wanted, fate: Fate): Decision {
  const { model, key, action, unitIds } = wanted
  return {
    kind: kindOf(action),
    model,
    key,
    action,
    unitIds,
    backend: null,
    serverId: null,
    identity: null,
    object: null,
    snapshot: fate.kind === 'failed' ? wanted.payload : null,
    leave: null,
    fate,
    standing: 'own',
  }
}

function kindOf(action: string): DecisionKind {
  if (action === 'save') return 'update'
  return action === 'delete' ? 'delete' : 'action'
}

/** Of what stands in one place. */
export function removal(wanted: Wanted, placed: Placed, fate: Fate): Decision {
  const { backend, serverId, identity, snapshot } = placed
  return {
    ...undecided({ ...wanted, action: 'delete' }, fate),
    backend,
    serverId,
    identity,
    snapshot,
    leave: 'remove',
  }
}

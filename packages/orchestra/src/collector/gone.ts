import type { Backend } from '../config/backend.ts'
import { formatObject } from '../config/key.ts'
import type { Wanted } from './coalesce.ts'
import type { Decision, Fate } from './decision.ts'
import { can } from './methods.ts'
import type { Placed } from './placed.ts'
import { removal, undecided } from './undecided.ts'
import type { World } from './world.ts'

/** About an object that is not there any more. */
export function decideGone(wanted: Wanted, world: World): Decision[] {
  if (wanted.action !== 'save' && wanted.action !== 'delete') {
    const reason = `${formatObject(wanted.model, wanted.key)} is gone`
    return [undecided(wanted, { kind: 'nothing', reason })]
  }
  const backends = new Map(world.backendsOf(wanted.model).map((backend) => [backend.name, backend]))
  return world.placed(wanted.model, wanted.key).map((placed) => {
    const backend = backends.get(placed.backend)
    const protection = world.protection(backend, placed, wanted)
    if (protection !== null) return refusedRemoval(wanted, placed, protection)
    return removal(wanted, placed, deleteFate(placed.backend, backend))
  })
}

/** Without a server, so that no lane takes it: the collector looks again until the protection ends. */
function refusedRemoval(wanted: Wanted, { backend, identity }: Placed, protection: string): Decision {
  const reason = `"${identity}" of backend "${backend}" is not removed: it is ${protection}. Lift that with \`orchestra unprotect\` or in the configuration`
  return { ...undecided({ ...wanted, action: 'delete' }, { kind: 'failed', reason }), backend }
}

function deleteFate(name: string, backend: Backend | undefined): Fate {
  if (backend === undefined) {
    return {
      kind: 'failed',
      reason: `Backend "${name}" placed it and is no longer defined: define it again, or give it up with \`orchestra forget\``,
    }
  }
  if (can(backend, 'delete')) return { kind: 'waiting' }
  return {
    kind: 'nothing',
    reason: `Backend "${name}" has no delete method: what it made stays on the server`,
  }
}

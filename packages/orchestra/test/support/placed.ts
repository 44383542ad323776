import type { Placed, PlacementState } from '../../src/collector/index.ts'
import { type PlaceRow, type StoredName, toStored } from '../../src/places/index.ts'

interface Given {
  serverId?: number
  identity?: string
  snapshot?: unknown
  state?: PlacementState
  applied?: boolean
  names?: readonly StoredName[]
  data?: PlaceRow['data']
  protection?: string | null
}

const wants: Record<PlacementState, Partial<PlaceRow>> = {
  applied: { want: 'stand', stands: 1 },
  pending: { want: 'stand' },
  failed: { want: 'stand', attempt: 1 },
  deleting: { want: 'leave', policy: 'remove' },
  kept: { want: 'leave', policy: 'keep' },
}

/** What stands of site:1 by backend `files`, as it is read from the store. */
export function placedAs({
  serverId = 1,
  identity = 'a.org',
  snapshot = { domain: 'a.org' },
  state = 'applied',
  applied = true,
  names,
  data = 'own',
  protection = null,
}: Given = {}): Placed {
  const isKept = state === 'kept'
  const all = names ?? [{ identity, state: isKept ? 'left' : applied ? 'stands' : 'maybe', incarnation: 0 }]
  const row: PlaceRow = {
    model: 'site',
    object_key: '1',
    backend: 'files',
    server_id: serverId,
    keys: ['1'],
    generation: 1,
    want: 'stand',
    policy: null,
    want_identity: isKept || state === 'deleting' ? null : identity,
    incarnation: 0,
    claim: 1,
    operation_id: null,
    held: false,
    trying: null,
    stands: null,
    names: all,
    data,
    attempt: 0,
    due: Number.NEGATIVE_INFINITY,
    stopped: -1,
    forgotten: false,
    waited: null,
    alone: false,
    identity,
    applied,
    unmarked: false,
    protection,
    ...wants[state],
  }
  return {
    ...toStored(row),
    ...{ backend: 'files', serverId, identity, snapshot, state, applied, protection },
    revision: applied ? 'r' : null,
    touched: all.length > 0,
    hollow: data !== 'own',
    unmarked: false,
  }
}

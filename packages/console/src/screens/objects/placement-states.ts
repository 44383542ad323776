import type { AnswerOf } from 'orchestrajs/client'
import type { State } from '../../parts/state-mark.tsx'

type PlacementState = AnswerOf<'GET /placements'>['items'][number]['state']

export const placementStates: Readonly<Record<PlacementState, State>> = {
  pending: 'waiting',
  applied: 'ok',
  failed: 'failing',
  deleting: 'waiting',
  kept: 'stale',
}

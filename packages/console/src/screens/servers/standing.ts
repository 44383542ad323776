import type { AnswerOf } from 'orchestrajs/client'
import type { State } from '../../parts/state-mark.tsx'

export type ServerStatus = AnswerOf<'GET /status'>['servers'][number]

/** What a server is at: of all that is true of it, what a person has to know first. */
export function standing(status: ServerStatus): State {
  if (status.blocked !== null) return 'blocked'
  if (status.held !== null) return 'held'
  if (status.failing > 0) return 'failing'
  if (status.running > 0) return 'running'
  if (status.drifted > 0) return 'drifted'
  if (status.waiting > 0) return 'waiting'
  if (status.stale > 0) return 'stale'
  return status.placed > 0 ? 'ok' : 'none'
}

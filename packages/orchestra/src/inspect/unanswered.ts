import { OrchestraError } from '../errors.ts'
import type { Inspected } from './ask.ts'
import type { Unanswered } from './examine.ts'

/** Why a server could not be looked at. */
export function unanswered({ target }: Inspected, end: Unanswered): OrchestraError {
  switch (end.kind) {
    case 'blocked':
      return new OrchestraError('ORC_SERVER_UNREACHABLE', `${target.name}: ${end.reason}`, {
        hint: `\`orchestra server check ${target.name}\` tells what it answers`,
      })
    case 'broken':
      return new OrchestraError(
        'ORC_INSPECTION_FAILED',
        `${target.name} could not be looked at: ${end.reason}`,
        { hint: "What the backend's `list` and `inspect` run there has to end with status 0" },
      )
    case 'cancelled':
      return new OrchestraError('ORC_INSPECTION_FAILED', `Looking at ${target.name} was cancelled`, {
        hint: 'Try it again',
      })
    case 'fenced':
      return new OrchestraError('ORC_INSPECTION_FAILED', `${target.name} has another owner by now`, {
        hint: 'Try it again',
      })
  }
}

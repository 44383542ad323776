import type { Backend } from '../../config/backend.ts'
import { everything, type Span } from '../../recording/selection.ts'
import type { Claim } from '../claim.ts'
import type { RunContext, RunEnd } from '../run-context.ts'
import { attempt } from './attempt.ts'
import { halves } from './operations.ts'
import { handBack } from './settle.ts'

/**
 * Brings all claimed changes of a backend that writes whole configurations to its server at once. When a check refuses them,
 * halves are tried: the good ones stay, and what is left are the objects that it fails with, each alone.
 */
export async function regenerate(
  context: RunContext,
  claim: Claim,
  backend: Backend,
  actions: Span['actions'],
): Promise<RunEnd> {
  const all = everything(claim, backend, actions)
  const waiting = [all]
  let last: RunEnd = { kind: 'ran' }
  for (let selection = waiting.pop(); selection !== undefined; selection = waiting.pop()) {
    const end = context.signal.aborted
      ? ({ kind: 'stopped' } as const)
      : await attempt({
          context,
          claim,
          backend,
          selection,
          vetted: selection !== all,
        })
    if (end.kind !== 'ran' && end.kind !== 'refused') {
      await giveBackRest(context, claim, all, end)
      return end
    }
    if (end.kind === 'refused')
      waiting.push(...(await halves(context.store, end.logId, selection, end.running)).reverse())
    else last = end
  }
  return last
}

async function giveBackRest(context: RunContext, claim: Claim, all: Span, end: RunEnd): Promise<void> {
  if (end.kind === 'lost-lane') return
  const outcome = end.kind === 'blocked' ? 'unreachable' : null
  await handBack({ context, claim }, all, outcome, 'reason' in end ? end.reason : null)
}

import type { Config } from '../config/config.ts'
import { OrchestraError } from '../errors.ts'
import type { Bell, Store } from '../store/index.ts'
import { checkSelector, requestSync, syncEnded } from '../sync/index.ts'
import { type Finding, listFindings, MOST_LISTED } from './findings.ts'

/** What a check is about: what matches all that is given. */
export interface CheckSelector {
  server?: string
  backend?: string
  /** `model:key`. */
  object?: string
  /** Ends the waiting; the check itself goes on in the workers. */
  signal?: AbortSignal
}

/** Has workers look at the servers, and answers what is found when they have ended. */
export async function checkNow(
  { store, config, bell }: { store: Store; config: Config; bell: Bell },
  { signal, ...selector }: CheckSelector,
): Promise<Finding[]> {
  checkSelector(config, selector)
  const request = { ...selector, mode: 'check', actor: null, source: 'function' } as const
  const { id } = await requestSync(store, request)
  const status = await syncEnded(store, bell, id, signal)
  if (status.state === 'done') return listFindings(store, { ...selector, limit: MOST_LISTED })
  throw new OrchestraError('ORC_INSPECTION_FAILED', `Check ${id}: ${status.error ?? status.state}`)
}

import type { Crew } from '../generation/index.ts'
import { requestSync } from '../request/request.ts'
import type { Store } from '../store/index.ts'

/** Has what others decided without this worker's backends compared for those. To be called before it is one of them. */
export async function compareMissed(store: Store, crew: Crew): Promise<void> {
  for (const backend of await crew.missed(store))
    await requestSync(store, { mode: 'sync', backend, inspects: false, actor: null, source: 'configuration' })
}

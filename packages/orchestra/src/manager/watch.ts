import { linkAudit } from '../audit/index.ts'
import { watchIncidents } from '../incidents/index.ts'
import { countOutcomes } from '../metrics/index.ts'
import type { Teller } from '../notify/index.ts'
import type { Store } from '../store/index.ts'

/** What a worker does now and then for those who watch. Others may do so at the same time: each part is done by one. */
export async function watch(store: Store, teller: Teller): Promise<void> {
  await linkAudit(store)
  await countOutcomes(store)
  await watchIncidents(store)
  await teller.poll()
}

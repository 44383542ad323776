import type { Config } from '../config/config.ts'
import { placeName } from '../places/index.ts'
import { isOwned } from '../server/index.ts'
import { often, type Queryable, type Store, send } from '../store/index.ts'
import type { Claim } from './claim.ts'
import { settleData } from './settle-data.ts'
import { RUNNING, type RunningOperation, recordEnds, type SettledOperation } from './settle-operations.ts'
import { placesOf, settleOne, writeSettled } from './settle-places.ts'
import type { Settlement } from './settlement.ts'

/** Characters of rendered text that one statement takes; a drain may hold much more. */
const MOST_RENDERED = 4 * 1024 * 1024

/** Where settlements go, and the rules of the backends that they are about. */
export interface SettleStore {
  store: Store
  config: Pick<Config, 'backends'>
}

/** The lane, and backends of which some parts are not known to be marked there: whatever succeeds has marked its own. */
export type SettledClaim = Pick<Claim, 'server' | 'owner' | 'fence' | 'unmarked'>

/**
 * Records what happened to operations of one lane, and what that means for their places. Does nothing, and answers false, when the
 * lane is no longer this claim's: then its new owner finds out what happened.
 */
export async function settle(
  { store, config }: SettleStore,
  claim: SettledClaim,
  logId: number | null,
  settlements: readonly Settlement[],
): Promise<boolean> {
  for (const chunk of intoChunks(settlements)) {
    const isOurs = await store.transaction((tx) => settleChunk(tx, config, claim, logId, chunk), {
      first: 'harmless',
    })
    if (!isOurs) return false
    store.ring('orchestra_settled', '')
  }
  return true
}

function intoChunks(settlements: readonly Settlement[]): Settlement[][] {
  const chunks: Settlement[][] = [[]]
  let size = 0
  for (const settlement of settlements) {
    size += sizeOf(settlement)
    if (size > MOST_RENDERED) {
      chunks.push([])
      size = sizeOf(settlement)
    }
    chunks.at(-1)?.push(settlement)
  }
  return chunks
}

function sizeOf({ rendered }: Settlement): number {
  return (rendered ?? []).reduce((sum, [title, text]) => sum + title.length + text.length, 0)
}

async function settleChunk(
  tx: Queryable,
  config: SettleStore['config'],
  claim: SettledClaim,
  logId: number | null,
  settlements: readonly Settlement[],
): Promise<boolean> {
  const [isOurs, running] = await Promise.all([
    isOwned(tx, claim),
    tx.query<RunningOperation>(often(RUNNING), [settlements.map((one) => one.operationId)]),
  ])
  if (!isOurs) return false
  const stored = await placesOf(tx, running, config)
  const byId = new Map(settlements.map((one) => [one.operationId, one]))
  const settled = running.flatMap((operation): SettledOperation[] => {
    const settlement = byId.get(operation.id)
    if (settlement === undefined) return []
    const place = stored.get(placeName(operation))
    return [settleOne(operation, settlement, place, config.backends.get(operation.backend))]
  })
  const data = settleData(settled, stored.values(), config)
  // First, because the object that was made is read from its operation.
  await writeSettled(tx, data, logId)
  await recordEnds(tx, data.ends, logId)
  await forgetUnmarked(tx, claim, data.ends)
  return true
}

/** Nobody else adds to them: what a claim has none of, its lane has none of. */
async function forgetUnmarked(
  tx: Queryable,
  { server, unmarked }: SettledClaim,
  ends: readonly SettledOperation[],
): Promise<void> {
  const succeeded = ends.filter(({ settlement }) => settlement.outcome === 'success')
  const marked = succeeded.map(({ operation }) => operation.backend)
  if (!marked.some((backend) => unmarked.includes(backend))) return
  await send(tx, 'delete from orchestra.unmarked where server_id = $1 and backend = any($2::text[])', [
    server.id,
    marked,
  ])
}

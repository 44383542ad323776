import { isNameThere } from '../places/index.ts'
import { PRUNE } from '../recording/scripts.ts'
import type { Queryable } from '../store/index.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import { type SettleStore, settle } from './settle.ts'
import { needless } from './settlement.ts'

/** Ends removals of things that have become objects since they were decided, and answers the claim without them. */
export async function endNeedlessPrunes({ store, config }: SettleStore, claim: Claim): Promise<Claim> {
  const prunes = claim.operations.filter(({ action }) => action === PRUNE)
  if (prunes.length === 0) return claim
  const placed = await placedIdentities(store, claim, prunes)
  const isNeedless = ({ action, backend, identity }: ClaimedOperation) =>
    action === PRUNE && placed.has(nameOf(backend, identity))
  const over = claim.operations.filter(isNeedless)
  if (over.length === 0) return claim
  const reason = 'an object is called so by now'
  await settle(
    { store, config },
    claim,
    null,
    over.map(({ id }) => needless(id, reason)),
  )
  return { ...claim, operations: claim.operations.filter((operation) => !isNeedless(operation)) }
}

const PRUNED = { identity: 'asked.identity', server: '$1::int', backend: 'asked.backend' }

async function placedIdentities(
  db: Queryable,
  { server }: Claim,
  prunes: readonly ClaimedOperation[],
): Promise<Set<string>> {
  const asked = prunes.map(({ backend, identity }) => ({ backend, identity }))
  const rows = await db.query<{ backend: string; identity: string }>(
    `select asked.backend, asked.identity from jsonb_to_recordset($2::jsonb) as asked(backend text, identity text)
     where exists (select from orchestra.placement where ${isNameThere('identity', PRUNED)})`,
    [server.id, JSON.stringify(asked)],
  )
  return new Set(rows.map(({ backend, identity }) => nameOf(backend, identity)))
}

function nameOf(backend: string, identity: string | null): string {
  return `${backend} ${identity}`
}

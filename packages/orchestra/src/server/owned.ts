import { ownedLane } from '../operations/owned-lane.ts'
import { often, type Queryable } from '../store/index.ts'

/** A lane that this worker holds. */
export interface HeldLane {
  server: { id: number }
  owner: string
  fence: number
}

/** Whether a lane is still its holder's; it stays so until the transaction ends. */
export async function isOwned(tx: Queryable, { server, owner, fence }: HeldLane): Promise<boolean> {
  const rows = await tx.query(often(OWNED), [server.id, owner, fence])
  return rows.length > 0
}

const OWNED = ownedLane({ server: '$1', owner: '$2', fence: '$3' }, 'no key update')

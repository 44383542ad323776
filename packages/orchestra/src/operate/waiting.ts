import { z } from 'zod'
import { reasonsFor, waitsForApproval } from '../access/index.ts'
import { fingerprint } from '../methods/index.ts'
import { listPlans } from '../plan/index.ts'
import { unapprovedKeys } from '../server/index.ts'
import { limitField } from './fields.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

/** Something that does not go on before somebody says yes or no. Times are ISO 8601. */
export interface WaitingApproval {
  kind: 'plan' | 'host-key'
  /** The number of a plan. */
  plan: number | null
  /** Null for a plan of all servers. */
  server: string | null
  backend: string | null
  object: string | null
  /** What an approval is of: of a plan, or of a host key. */
  fingerprint: string
  /** Who wants it; null where nobody asked. */
  by: string | null
  since: string | null
  reasons: string[]
}

export const approvalWaiting = reading({
  name: 'approval.waiting',
  about: 'What waits for somebody to approve it: plans that are kept, and host keys that servers present',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ limit: limitField.default(1_000) }),
  run: async (context, { limit }): Promise<WaitingApproval[]> => {
    const { store, config } = context
    const visible = visibleRows(context, 'status.read')
    const plans = await listPlans(store, { limit, visible, where: [waitsForApproval(config.approvals)] })
    const keys = await unapprovedKeys(store, { limit, visible })
    return [
      ...plans.map(({ id, server, backend, object, fingerprint: of, by, createdAt, ...weight }) => ({
        ...{ kind: 'plan' as const, plan: id, server, backend, object, fingerprint: of, by },
        since: createdAt,
        reasons: reasonsFor(weight, config.approvals),
      })),
      ...keys.map(({ server, before, presented, since }) => ({
        ...{ kind: 'host-key' as const, plan: null, server, backend: null, object: null },
        fingerprint: fingerprint(presented),
        by: null,
        since,
        reasons: [before === null ? 'its host key was never approved' : 'it presents another host key'],
      })),
    ].slice(0, limit)
  },
})

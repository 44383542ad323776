import { z } from 'zod'
import { waitsForApproval } from '../access/index.ts'
import { type Metric, readMetrics } from '../metrics/index.ts'
import { countPlans } from '../plan/index.ts'
import { reading } from './verb.ts'

export const metricsRead = reading({
  name: 'metrics.read',
  about: 'What monitoring watches: waits, lags, outcomes, what is blocked',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: async ({ store, config }): Promise<Metric[]> => {
    const { count } = await countPlans(store, { where: [waitsForApproval(config.approvals)] })
    return readMetrics(store, { waitingApprovals: count })
  },
})

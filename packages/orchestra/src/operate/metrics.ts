import { z } from 'zod'
import { type Metric, readMetrics } from '../metrics/index.ts'
import { reading } from './verb.ts'

export const metricsRead = reading({
  name: 'metrics.read',
  about: 'What monitoring watches: waits, lags, outcomes, what is blocked',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<Metric[]> => readMetrics(store),
})

import { z } from 'zod'
import { listWorkers, readStatus, type Status, type WorkerStatus } from '../placements/index.ts'
import { limitField } from './fields.ts'
import { reading } from './verb.ts'
import { seenBy } from './visible.ts'

export const statusRead = reading({
  name: 'status.read',
  about: 'Where everything stands: what runs, what waits for what, what failed and why',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    /** How many failed operations and kept copies are named. */
    most: limitField.optional(),
  }),
  run: (context, { most }): Promise<Status> =>
    readStatus(context.store, most, { config: context.config }, seenBy(context)),
})

export const workerList = reading({
  name: 'worker.list',
  about: 'Workers that gave a sign of life in the last seconds',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<WorkerStatus[]> => listWorkers(store),
})

import { z } from 'zod'
import { countOperations, listOperations, type OperationView } from '../placements/index.ts'
import { idField, limitField, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { reading } from './verb.ts'

export const operationList = reading({
  name: 'operation.list',
  about:
    'Operations, the newest first: what was done, what runs, and what each of those that wait is waiting for',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    limit: limitField.default(20),
    /** Older than this operation. */
    before: idField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q }) => countOperations(context.store, narrowedBy(context, 'operation.list', { q })),
  run: (context, { limit, before, q }): Promise<OperationView[]> => {
    const narrowed = narrowedBy(context, 'operation.list', { q })
    return listOperations(context.store, { limit, before, ...narrowed }, { config: context.config })
  },
})

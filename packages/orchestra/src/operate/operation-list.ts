import { z } from 'zod'
import { countOperations, listOperations, type OperationView } from '../placements/index.ts'
import { idField, limitField, objectField, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'

export const operationList = reading({
  name: 'operation.list',
  about:
    'Operations, the newest first: what was done, what runs, and what each of those that wait is waiting for',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    object: objectField.optional(),
    limit: limitField.default(20),
    /** Older than this operation. */
    before: idField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q, object }) =>
    countOperations(context.store, { object, ...narrowedBy(context, 'operation.list', { q }) }),
  run: async (context, { limit, before, object, q }): Promise<OperationView[]> => {
    const { store, config } = context
    const narrowed = narrowedBy(context, 'operation.list', { q })
    const found = await listOperations(store, { limit, before, object, ...narrowed }, { config })
    if (found.length === 0) await checkNames(context, { object })
    return found
  },
})

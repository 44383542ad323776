import { z } from 'zod'
import { countTransfers, listTransfers, type TransferView } from '../transfer/index.ts'
import { idField, limitField, objectField, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'

export const transferList = reading({
  name: 'transfer.list',
  about: 'Data on its way from server to server, the oldest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    object: objectField.optional(),
    limit: limitField.default(100),
    /** Behind this one. */
    after: idField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { object, q }) =>
    countTransfers(context.store, { object, ...narrowedBy(context, 'transfer.list', { q }) }),
  run: async (context, { object, limit, after, q }): Promise<TransferView[]> => {
    const narrowed = narrowedBy(context, 'transfer.list', { q })
    const transfers = await listTransfers(context.store, { limit, object, after, ...narrowed })
    if (transfers.length === 0) await checkNames(context, { object })
    return transfers
  },
})

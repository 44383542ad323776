import { z } from 'zod'
import { listTransfers, type TransferView } from '../transfer/index.ts'
import { idField, limitField, objectField } from './fields.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

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
  }),
  run: async (context, { object, limit, after }): Promise<TransferView[]> => {
    const visible = visibleRows(context, 'status.read')
    const transfers = await listTransfers(context.store, { limit, object, after, visible })
    if (transfers.length === 0) await checkNames(context, { object })
    return transfers
  },
})

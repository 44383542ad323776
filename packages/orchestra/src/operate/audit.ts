import { z } from 'zod'
import {
  type AuditHead,
  type AuditVerified,
  type ExportedEntry,
  exportAudit,
  auditHead as headOf,
  readHead,
  verifyAudit,
} from '../audit/index.ts'
import { type AuditView, countAudit, listAudit } from '../server/index.ts'
import { idField, limitField, momentField, objectField, queryField, textField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { reading } from './verb.ts'

const search = {
  by: textField.optional(),
  /** This action, or all that begin so: `server.set`, `route`. */
  action: textField.optional(),
  target: objectField.optional(),
  since: momentField.optional(),
}

export const auditList = reading({
  name: 'audit.list',
  about: 'What people did to Orchestra itself, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...search,
    /** Older than this entry. */
    before: idField.optional(),
    limit: limitField.default(50),
    q: queryField.optional(),
  }),
  count: (context, { q, ...asked }) =>
    countAudit(context.store, { ...asked, where: narrowedBy(context, 'audit.list', { q }).where }),
  run: (context, { q, ...asked }): Promise<AuditView[]> =>
    listAudit(context.store, { ...asked, where: narrowedBy(context, 'audit.list', { q }).where }),
})

export const auditExport = reading({
  name: 'audit.export',
  about: 'Entries of the audit with their hashes, in the order in which they are chained',
  needs: 'store',
  answers: 'in-pieces',
  input: z.strictObject({ ...search, until: momentField.optional() }),
  run: async ({ store }, asked): Promise<AsyncIterable<ExportedEntry>> => exportAudit(store, asked),
})

export const auditHead = reading({
  name: 'audit.head',
  about: 'Where the chain of the audit ends now, to be posted elsewhere',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<AuditHead> => headOf(store),
})

/** As `audit head` prints it: `link:hash`. */
const headField = z
  .string()
  .transform(readHead)
  .refine((head) => head !== undefined, 'is not what `orchestra audit head` prints')

export const auditVerify = reading({
  name: 'audit.verify',
  about: 'Whether the audit is as it was written: the first entry that does not fit',
  needs: 'store',
  answers: 'late',
  input: z.strictObject({
    /** One that was posted elsewhere. */
    head: headField.optional(),
  }),
  run: ({ store }, { head }): Promise<AuditVerified> => verifyAudit(store, head),
})

import { z } from 'zod'
import { type AuditView, listAudit } from '../server/index.ts'
import { idField, limitField, momentField, objectField, textField } from './fields.ts'
import { reading } from './verb.ts'

export const auditList = reading({
  name: 'audit.list',
  about: 'What people did to Orchestra itself, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    by: textField.optional(),
    /** This action, or all that begin so: `server.set`, `route`. */
    action: textField.optional(),
    target: objectField.optional(),
    since: momentField.optional(),
    /** Older than this entry. */
    before: idField.optional(),
    limit: limitField.default(50),
  }),
  run: ({ store }, search): Promise<AuditView[]> => listAudit(store, search),
})

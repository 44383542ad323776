import { z } from 'zod'
import { readHead } from '../../audit/index.ts'
import { auditExport, auditHead, auditList, auditVerify } from '../../operate/index.ts'
import type { AuditView } from '../../server/index.ts'
import { lines, one, paged } from '../build.ts'

const { by, action, target, since, before } = auditList.input.shape

const headText = z
  .string()
  .max(200)
  .refine((text) => readHead(text) !== undefined, 'is not what `orchestra audit head` prints')

export const auditEndpoints = [
  paged<AuditView>({
    path: '/audit',
    verb: auditList,
    query: { by, action, target, since },
    field: 'before',
    cursor: before.unwrap(),
    next: ({ id }) => id,
  }),
  one({ path: '/audit/head', verb: auditHead }),
  one({
    path: '/audit/verify',
    verb: auditVerify,
    // The verb reads it again.
    query: { head: headText.optional() },
  }),
  lines({
    path: '/audit/export',
    verb: auditExport,
    query: auditExport.input.shape,
    named: 'audit.jsonl',
  }),
]

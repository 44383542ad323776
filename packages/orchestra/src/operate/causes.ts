import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type DriftCause, listCauses, type Repair, repairFound } from '../inspect/index.ts'
import { audit } from '../server/index.ts'
import { checkSelector } from '../sync/index.ts'
import {
  defined,
  flagField,
  limitField,
  nameField,
  objectField,
  queryField,
  selectorFields,
} from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading, writing } from './verb.ts'
import { visibleRows } from './visible.ts'

/** A page of causes. */
export interface CausePage {
  causes: DriftCause[]
  /** What `after` takes to go on behind this page; null on the last. */
  next: string | null
}

/** `120.0f3a…`: how many findings the last cause of a page had, and which it was. */
const placeField = z.string().regex(/^\d{1,9}\.[0-9a-f]{16}$/, 'is not where a page of causes ended')

export const driftCauses = reading({
  name: 'drift.causes',
  about: 'What the last looks at servers found, by what was done to it, the most frequent first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    server: nameField.optional(),
    backend: nameField.optional(),
    object: objectField.optional(),
    q: queryField.optional(),
    limit: limitField.default(20),
    after: placeField.optional(),
  }),
  run: async (context, { limit, after, q, ...selected }): Promise<CausePage> => {
    const { store, config } = context
    const { object: _, ...places } = selected
    checkSelector(config, places)
    await checkNames(context, selected)
    const narrowed = narrowedBy(context, 'drift.list', { q })
    const [count = '', cause = ''] = after?.split('.') ?? []
    const place = after === undefined ? undefined : { count: Number(count), cause }
    const found = await listCauses(store, { ...selected, limit: limit + 1, after: place, ...narrowed })
    const causes = found.slice(0, limit)
    const last = found.length > limit ? causes.at(-1) : undefined
    return { causes, next: last === undefined ? null : `${last.count}.${last.cause}` }
  },
})

const causeField = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'is no cause: `drift causes` tells those that there are')

const repairInput = z
  .strictObject({
    cause: causeField.optional(),
    ...selectorFields,
    q: queryField.min(1).optional(),
    dryRun: flagField,
  })
  .refine(({ dryRun: _, ...what }) => Object.keys(defined(what)).length > 0, {
    error: 'is not given, and no object, backend, server or query either',
    path: ['cause'],
  })

/** What a repair began, or would. */
export interface RepairBegun extends Repair {
  /** The unit of work that tells what becomes of it; null where nothing was begun. */
  unit: string | null
}

export const driftRepair = writing({
  name: 'drift.repair',
  about:
    'Has what differs on servers, or is missing there, written again as the rows say: a cause, or what fits',
  needs: 'store',
  answers: 'soon',
  input: repairInput,
  audit: { action: 'drift.repair', target: repairedText },
  run: async (context, { dryRun, q, ...selected }): Promise<RepairBegun> => {
    const { store, config, principal, face } = context
    const { cause: _, ...names } = selected
    checkSelector(config, names)
    await checkNames(context, names)
    const { where } = narrowedBy(context, 'drift.list', { q })
    const filter = { ...selected, where, visible: visibleRows(context, 'diff.read', 'sync') }
    const backends = [...config.backends.keys()]
    if (dryRun) return { unit: null, ...(await repairFound(store, filter, backends)) }
    return store.transaction(async (tx) => {
      const { name: by } = principal
      const unitId = randomUUID()
      const repair = await repairFound(tx, filter, backends, { unitId, actor: by, source: face })
      const unit = repair.saves === 0 ? null : unitId
      const detail = { unit, findings: repair.findings, saves: repair.saves }
      await audit(tx, { by, action: 'drift.repair', target: repairedText({ ...selected, q }), detail })
      await tx.query(`select pg_notify('orchestra_change', '')`)
      return { unit, ...repair }
    })
  },
})

type Repaired = { [Name in 'cause' | 'server' | 'backend' | 'object' | 'q']?: string | undefined }

/** `cause 0f3a…, server web1` */
function repairedText({ cause, object, backend, server, q: query }: Repaired): string {
  const parts = { cause, object, backend, server, query }
  return Object.entries(parts)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ')
}

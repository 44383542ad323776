import { z } from 'zod'
import { OrchestraError } from '../errors.ts'
import { type Finding, listFindings, MOST_LISTED } from '../inspect/index.ts'
import { audit } from '../server/index.ts'
import {
  cancelSync,
  checkSelector,
  countSyncs,
  isSettled,
  listSyncs,
  requestSync,
  type SyncStatus,
  type SyncView,
  syncStatus,
} from '../sync/index.ts'
import type { Context } from './context.ts'
import { countField, idField, limitField, nameField, queryField, selectorFields } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading, writing } from './verb.ts'
import { visibleRows } from './visible.ts'

const asked = {
  ...selectorFields,
  model: nameField.optional(),
  mode: z.enum(['sync', 'check']).default('sync'),
  /** How many objects of one backend on one server it may remove; default the usual bound. */
  allowDeletes: countField.optional(),
}

export const syncStart = writing({
  name: 'sync.start',
  about: 'Has workers make rows, placements and servers agree, or only look what differs',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(asked),
  audit: { action: 'sync.start', target: selectedText },
  run: async (context, { mode, allowDeletes, ...selector }): Promise<{ id: number }> => {
    const { store, config, principal, face } = context
    checkSelector(config, selector)
    await checkNames(context, selector)
    refuseUnapproved(context, allowDeletes)
    const { name: by } = principal
    return store.transaction(async (tx) => {
      const request = { ...selector, mode, allowDeletes, actor: by, source: face }
      const { id } = await requestSync(tx, request)
      const detail = { mode, sync: id, ...(allowDeletes === undefined ? {} : { allowDeletes }) }
      await audit(tx, { by, action: 'sync.start', target: selectedText(selector), detail })
      return { id }
    })
  },
})

/** Nobody looks at what a synchronization removes before it does: with more than a rule lets him, he who comes in by HTTP keeps a plan. */
function refuseUnapproved(
  { config, principal }: Pick<Context, 'config' | 'principal'>,
  allowDeletes: number | undefined,
): void {
  const { deletes } = config.approvals
  if (
    !('grants' in principal) ||
    deletes === undefined ||
    allowDeletes === undefined ||
    allowDeletes <= deletes
  )
    return
  throw new OrchestraError(
    'ORC_APPROVAL_NEEDED',
    `To remove more than ${deletes} objects needs another person's approval, which is of a plan`,
    { hint: `Keep one: orchestra plan --keep --allow-deletes ${allowDeletes}` },
  )
}

type Selected = { [Name in 'server' | 'backend' | 'object' | 'model']?: string | undefined }

/** `site:12, server web1` */
export function selectedText({ object, model, backend, server }: Selected): string {
  const parts = [
    object,
    model === undefined ? undefined : `model ${model}`,
    backend === undefined ? undefined : `backend ${backend}`,
    server === undefined ? undefined : `server ${server}`,
  ]
  return parts.filter((part) => part !== undefined).join(', ') || 'everything'
}

/** Where a synchronization stands; of a check that has settled, with what it found. */
export type SyncShown = SyncStatus & { findings?: Finding[] }

export const syncList = reading({
  name: 'sync.list',
  about: 'Synchronizations and checks that are open, or were stopped or failed and nothing came of it since',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    limit: limitField.default(100),
    /** Behind this one. */
    after: idField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q }) => countSyncs(context.store, narrowedBy(context, 'sync.list', { q })),
  run: (context, { limit, after, q }): Promise<SyncView[]> =>
    listSyncs(context.store, { limit, after, ...narrowedBy(context, 'sync.list', { q }) }),
})

export const syncShow = reading({
  name: 'sync.show',
  about: 'Where a synchronization or a check stands, and what a check found',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ id: idField }),
  run: async (context, { id }): Promise<SyncShown> => {
    const { store } = context
    const visible = visibleRows(context, 'diff.read')
    const status = await syncStatus(store, id, visible)
    if (status.mode !== 'check' || !isSettled(status)) return status
    const { server, backend, object } = status
    const findings = await listFindings(store, {
      server: server ?? undefined,
      backend: backend ?? undefined,
      object: object?.includes(':') ? object : undefined,
      limit: MOST_LISTED,
      visible,
    })
    return { ...status, findings }
  },
})

export const syncCancel = writing({
  name: 'sync.cancel',
  about: 'Ends a synchronization or a check where it is; what it recorded already is done',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ id: idField }),
  audit: { action: 'sync.cancel', target: ({ id }) => `sync ${id}` },
  run: async (
    { store, principal },
    { id },
  ): Promise<{ id: number; wasOpen: boolean; state: SyncStatus['state'] }> => {
    await syncStatus(store, id)
    const wasOpen = await cancelSync(store, id, principal.name)
    const { state } = await syncStatus(store, id)
    return { id, wasOpen, state }
  },
})

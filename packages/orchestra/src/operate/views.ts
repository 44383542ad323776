import { z } from 'zod'
import { listViews, removeView, saveView, setView, type ViewOwner, type ViewView } from '../access/index.ts'
import type { Caller } from './context.ts'
import { defined, flagField, idField, nameField, reasonField } from './fields.ts'
import { checkQuery } from './filters.ts'
import { reading, writing } from './verb.ts'
import { scopesWith } from './visible.ts'

const viewId = idField.max(2 ** 31 - 1)
/** A list, or a page of a console. */
const pageField = z.string().regex(/^[a-z][a-z-]{0,49}$/, 'is not the name of a page, such as logs')
/** A field, and `-` before it for the other way around. */
const sortField = z.string().regex(/^-?[A-Za-z]{1,50}$/, 'is not a field to sort by, such as -since')

export const viewList = reading({
  name: 'view.list',
  about: 'Saved views: your own, and those that are shown to everybody',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ page: pageField.optional() }),
  run: (context, asked): Promise<ViewView[]> => listViews(context.store, ownerOf(context), asked),
})

export const viewSave = writing({
  name: 'view.save',
  about: 'Saves what a list is narrowed by under a name, over your own of that name',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    name: nameField,
    page: pageField,
    q: reasonField.default(''),
    sort: sortField.nullable().default(null),
    /** Everybody sees it. */
    shared: flagField,
  }),
  audit: { action: 'view.save', target: ({ name }) => name },
  run: async (context, view): Promise<ViewView> => {
    checkQuery(view.page, view.q)
    return saveView(context.store, ownerOf(context), view)
  },
})

export const viewSet = writing({
  name: 'view.set',
  about: 'Changes a saved view: your own, or one that is shown to everybody',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    view: viewId,
    name: nameField.optional(),
    page: pageField.optional(),
    q: reasonField.optional(),
    sort: sortField.nullable().optional(),
    shared: z.boolean().optional(),
  }),
  audit: { action: 'view.set', target: ({ view }) => `view ${view}` },
  run: (context, { view, ...change }): Promise<ViewView> =>
    setView(context.store, ownerOf(context), view, defined(change), checkQuery),
})

export const viewRemove = writing({
  name: 'view.remove',
  about: 'Removes a saved view: your own, or one that is shown to everybody',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ view: viewId }),
  audit: { action: 'view.remove', target: ({ view }) => `view ${view}` },
  run: async (context, { view }): Promise<{ removed: ViewView }> => ({
    removed: await removeView(context.store, ownerOf(context), view),
  }),
})

/**
 * A name at the machine is one, by whichever face. A token has its own, which go with whom it belongs to. What everybody sees, only those
 * change who may it everywhere.
 */
function ownerOf(asking: Pick<Caller, 'principal'>): ViewOwner {
  const { principal } = asking
  const { name } = principal
  const accountId = 'accountId' in principal ? principal.accountId : null
  return { key: keyOf(principal), accountId, name, shares: scopesWith(asking, 'view.share') === undefined }
}

/** By the number of a token: another may have its name later. */
function keyOf(principal: Caller['principal']): string {
  const { kind, name } = principal
  if (!('grants' in principal)) return `machine:${name}`
  if (principal.kind === 'token') return `token:${principal.by ?? name}`
  return principal.accountId === null ? `${kind}:${name}` : `account:${principal.accountId}`
}

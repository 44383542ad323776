import { z } from 'zod'
import {
  type BulkCounts,
  type BulkItem,
  type BulkTarget,
  bulkItemStates,
  countItems,
  listItems,
  type RequestSummary,
  readBulkWork,
  readRequest,
  unknownRequest,
} from '../requests/index.ts'
import { NotAgreed } from './agreement.ts'
import { type BulkActionName, bulkActions } from './bulk-actions.ts'
import { type BulkBegun, beginBulk, bulkShown, namedTargets, namesOf } from './bulk-begin.ts'
import { carryBulk } from './bulk-carry.ts'
import { bulkWhere, MOST_SELECTED, targetsThatFit } from './bulk-selection.ts'
import type { Context } from './context.ts'
import {
  defined,
  flagField,
  idField,
  laterField,
  limitField,
  objectField,
  queryField,
  reasonField,
} from './fields.ts'
import type { ForgetQuestion } from './forget.ts'
import { bulkNeeds } from './permissions.ts'
import { ownKey } from './requests.ts'
import { reading, writing } from './verb.ts'

export const bulkActionNames = Object.keys(bulkNeeds) as BulkActionName[]

const bulkInput = z
  .strictObject({
    action: z.enum(bulkActionNames),
    /** Objects, or servers: what the action is done to. */
    items: z.array(objectField).min(1).max(MOST_SELECTED).optional(),
    /** Or what fits. */
    where: bulkWhere.optional(),
    /** Or what fits of the list of placements, or of servers; with `where` what fits both. */
    q: queryField.min(1).optional(),
    /** Of a hold, for whoever asks. */
    reason: reasonField.optional(),
    /** When a hold ends by itself; default never. */
    until: laterField.optional(),
    dryRun: flagField,
  })
  .refine(({ items, where, q }) => (items === undefined) !== (where === undefined && q === undefined), {
    error: 'takes either `items`, or `where` and `q`',
    path: ['items'],
  })
  .refine(({ action, until }) => action === 'hold' || until === undefined, {
    error: 'is of a hold alone',
    path: ['until'],
  })

export const bulkStart = writing({
  name: 'bulk.start',
  about:
    'Does something to many objects or servers, each by itself: to those that are named, or to what fits',
  needs: 'store',
  answers: 'soon',
  input: bulkInput,
  audit: { action: 'bulk.start', target: ({ action }) => action },
  run: async (context: Context<ForgetQuestion>, given): Promise<BulkBegun> => {
    const { action: name, items, reason = null, until, dryRun, ...selection } = given
    const action = bulkActions[name]
    const asking = context as Context<never>
    const all = items === undefined ? await targetsThatFit(asking, name, selection) : namedTargets(items)
    const shown = bulkShown(name, all)
    if (dryRun) return { bulk: null, ...shown }
    if (all.length > 0 && action.asks && (await context.agree(questionOf(all))) !== 'given')
      throw notAgreed(shown)
    const entry = { action: 'bulk.start', target: name }
    const asked = { ...selection, ...defined({ until: until?.toISOString() }) }
    return beginBulk(context, { name, reason, targets: all, asked }, entry)
  },
  carry: carryBulk,
})

/** An object may be given up in one place of several. */
function questionOf(all: readonly BulkTarget[]): ForgetQuestion {
  const isEverywhere = all.every(({ server }) => server === null)
  const target = isEverywhere ? `${all.length} objects` : `what stands in ${all.length} places`
  return { target, count: all.length, names: namesOf(all) }
}

function notAgreed({ count, action }: Pick<BulkBegun, 'count' | 'action'>): NotAgreed {
  return new NotAgreed(
    `${action} of ${count} cannot be taken back, and nobody agreed`,
    'Give --yes when that is what you want',
  )
}

/** How far it is. */
export interface BulkView extends Omit<RequestSummary, 'verb' | 'progress'> {
  action: string
  reasonGiven: string | null
  counts: BulkCounts
}

const one = { bulk: idField }

export const bulkShow = reading({
  name: 'bulk.show',
  about: 'How far something is that is done to many, and how it ended so far',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  run: async (context, { bulk }): Promise<BulkView> => {
    const { work, summary } = await ownBulk(context, bulk)
    const { verb: _, progress: __, ...rest } = summary
    const counts = await countItems(context.store, bulk)
    return { ...rest, action: work.action, reasonGiven: work.reason, counts }
  },
})

export const bulkItems = reading({
  name: 'bulk.items',
  about: 'What became of each of many, in the order in which they are done',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...one,
    state: z.enum(bulkItemStates).optional(),
    /** Behind this number. */
    after: idField.optional(),
    limit: limitField.default(100),
  }),
  run: async (context, { bulk, ...page }): Promise<BulkItem[]> => {
    await ownBulk(context, bulk)
    return listItems(context.store, bulk, page)
  },
})

/** Of whoever asked for it alone, and of those who may do everything. */
async function ownBulk({ store, principal }: Pick<Context, 'store' | 'principal'>, id: number) {
  const { view } = await readRequest(store, id, ownKey(principal))
  const work = await readBulkWork(store, id)
  if (work === undefined) throw unknownRequest(id)
  const { notes: _, result: __, error: ___, ...summary } = view
  return { work, summary }
}

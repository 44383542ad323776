import { z } from 'zod'
import { type Cancelled, cancel, type Retried, retry } from '../manager/index.ts'
import { nameField, objectField } from './fields.ts'
import { checkNames, workTarget } from './known.ts'
import { reachOf } from './reach.ts'
import { writing } from './verb.ts'
import { rowsThere, visibleRows } from './visible.ts'

/** An object (`site:12`), a log (`12`), or a unit of work by the beginning of its id. */
const target = objectField

export const workRetry = writing({
  name: 'work.retry',
  about: 'Tries again at once: an object, a log, a unit of work, or everything that has failed',
  needs: 'store',
  answers: 'soon',
  input: z.union([z.strictObject({ target }), z.strictObject({ failed: z.literal(true) })]),
  audit: { action: 'retry', target: (input) => ('target' in input ? input.target : 'failed') },
  run: async (context, input): Promise<Retried> => {
    const { store, principal } = context
    const seen = visibleRows(context, 'status.read', 'retry')
    if (!('target' in input)) return retry(store, 'failed', principal.name, seen)
    const target = await workTarget(context, input.target, visibleRows(context, 'status.read'))
    const reached = await reachOf(context, target, { verb: 'work.retry', permission: 'retry' })
    return retry(store, target, principal.name, reached)
  },
})

export const workCancel = writing({
  name: 'work.cancel',
  about: 'Revokes what waits and ends what runs, on the server too: an object, a log, a unit of work',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    target,
    /** There alone. */
    server: nameField.optional(),
    backend: nameField.optional(),
  }),
  audit: { action: 'cancel', target: (input) => input.target },
  run: async (context, { target: text, ...place }): Promise<Cancelled> => {
    await checkNames(context, place)
    const target = await workTarget(context, text, visibleRows(context, 'status.read'))
    const reached = await reachOf(context, target, { verb: 'work.cancel', permission: 'cancel' })
    return cancel(context.store, target, context.principal.name, rowsThere(place, reached))
  },
})

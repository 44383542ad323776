import { z } from 'zod'
import { isEventCursor } from '../events/index.ts'
import { followHappenings, type HappeningPage, readHappenings } from '../placements/index.ts'
import { reading } from './verb.ts'
import { seenBy } from './visible.ts'

/** Events of one answer. */
const MOST_EVENTS = 1_000
/** Transactions that are open at once are named in it. */
const LONGEST_CURSOR = 100_000

/** `next` of a page, or `cursor` of an event. */
const afterField = z
  .string()
  .max(LONGEST_CURSOR)
  .refine(isEventCursor, 'is not where a page or an event ends')
  .optional()

export const eventList = reading({
  name: 'event.list',
  about: 'What happened since a cursor; without one, what keeps work from being done, and where to go on',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ after: afterField, limit: z.int().min(1).max(MOST_EVENTS).default(MOST_EVENTS) }),
  run: (context, { after, limit }): Promise<HappeningPage> =>
    readHappenings(context.store, after, limit, seenBy(context)),
})

export const eventFollow = reading({
  name: 'event.follow',
  about: 'What happens from now on, or since a cursor, page by page as it happens',
  needs: 'store',
  answers: 'in-pieces',
  input: z.strictObject({ after: afterField }),
  run: async (context, { after }): Promise<AsyncIterable<HappeningPage>> => {
    const { store, signal } = context
    const seen = seenBy(context)
    return followHappenings(store, await readHappenings(store, after, undefined, seen), signal, seen)
  },
})

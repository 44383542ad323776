import { z } from 'zod'
import { countObjects, listObjects, type ObjectView } from '../placements/index.ts'
import { limitField, objectField, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { reading } from './verb.ts'

export const objectList = reading({
  name: 'object.list',
  about: 'Objects that stand somewhere or are to, in their order; one fits when one of its placements does',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    limit: limitField.default(100),
    /** Behind the object of which `next` of a page was made. */
    after: objectField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q }) => countObjects(context.store, narrowedBy(context, 'object.list', { q })),
  run: (context, { q, ...page }): Promise<ObjectView[]> =>
    listObjects(context.store, { ...page, ...narrowedBy(context, 'object.list', { q }) }),
})

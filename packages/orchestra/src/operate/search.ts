import { z } from 'zod'
import { type Found, find } from '../placements/index.ts'
import { limitField, textField } from './fields.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

/** Things of each kind. */
const MOST_FOUND = 50

export const searchFind = reading({
  name: 'search.find',
  about: 'Servers, objects, units of work and logs that go by a name, a number or the beginning of it',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    text: textField,
    /** How many of each kind. */
    limit: limitField.max(MOST_FOUND).default(10),
  }),
  run: (context, wanted): Promise<Found> =>
    find(context.store, { ...wanted, visible: visibleRows(context, 'status.read') }),
})

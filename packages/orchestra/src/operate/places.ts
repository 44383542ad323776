import { z } from 'zod'
import {
  countPlacements,
  countSomePlacements,
  cursorOf,
  listPlacements,
  type PlacementView,
  placementStates,
} from '../placements/index.ts'
import { limitField, nameField, objectField, queryField, selectorFields } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'

/** A page of what stands where. */
export interface PlacePage {
  /** How many fit, on all pages; null where nobody asked for it. */
  total: number | null
  placements: PlacementView[]
  /** What `after` takes to go on behind this page; null on the last. */
  next: string | null
}

export const placeList = reading({
  name: 'place.list',
  about: 'What stands where, as far as Orchestra put it there, in the order of the objects',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...selectorFields,
    model: nameField.optional(),
    /** What it is called on the server; `*` stands for anything. */
    identity: objectField.optional(),
    state: z.enum(placementStates).optional(),
    limit: limitField.default(100),
    after: objectField.optional(),
    q: queryField.optional(),
    /** Whether all that fit are counted, however many there are. */
    total: z.boolean().default(true),
  }),
  count: (context, { q, ...filter }) =>
    countSomePlacements(context.store, { ...filter, ...narrowedBy(context, 'place.list', { q }) }),
  run: async (context, { q, total: isCounted, ...rest }): Promise<PlacePage> => {
    const filter = { ...rest, ...narrowedBy(context, 'place.list', { q }) }
    const placements = await listPlacements(context.store, filter)
    const total = isCounted ? await countPlacements(context.store, filter) : null
    const last = placements.length < filter.limit ? undefined : placements.at(-1)
    // Behind the last there are none either.
    if (placements.length === 0 && filter.after === undefined) await checkNames(context, filter)
    return { total, placements, next: last === undefined ? null : cursorOf(last) }
  },
})

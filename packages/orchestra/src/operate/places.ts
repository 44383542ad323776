import { z } from 'zod'
import {
  countPlacements,
  cursorOf,
  listPlacements,
  type PlacementView,
  placementStates,
} from '../placements/index.ts'
import { limitField, nameField, objectField, selectorFields } from './fields.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

/** A page of what stands where. */
export interface PlacePage {
  /** How many fit, on all pages. */
  total: number
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
  }),
  run: async (context, given): Promise<PlacePage> => {
    const filter = { ...given, visible: visibleRows(context, 'status.read') }
    const placements = await listPlacements(context.store, filter)
    const total = await countPlacements(context.store, filter)
    const last = placements.length < filter.limit ? undefined : placements.at(-1)
    if (total === 0) await checkNames(context, filter)
    return { total, placements, next: last === undefined ? null : cursorOf(last) }
  },
})

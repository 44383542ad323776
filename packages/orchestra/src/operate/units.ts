import { z } from 'zod'
import {
  countUnits,
  listUnits,
  resolveUnit,
  type UnitStatus,
  type UnitSummary,
  unitStatus,
  unknownUnit,
} from '../placements/index.ts'
import { type SyncWork, workOf } from '../sync/index.ts'
import { limitField, queryField, textField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

/** Its id, or the beginning of it. */
const unitInput = z.strictObject({ unit: textField })

export const unitList = reading({
  name: 'unit.list',
  about: 'The latest units of work',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    limit: limitField.default(20),
    actor: textField.optional(),
    /** Older than this unit. */
    before: z.uuid().optional(),
    q: queryField.optional(),
  }),
  count: (context, { q, ...search }) =>
    countUnits(context.store, { ...search, ...narrowedBy(context, 'unit.list', { q }) }),
  run: (context, { q, ...search }): Promise<UnitSummary[]> =>
    listUnits(context.store, { ...search, ...narrowedBy(context, 'unit.list', { q }) }),
})

export const unitShow = reading({
  name: 'unit.show',
  about: 'What became of a unit of work, object by object',
  needs: 'store',
  answers: 'soon',
  input: unitInput,
  run: async (context, { unit: text }): Promise<UnitStatus> => {
    const { store, config } = context
    const visible = visibleRows(context, 'status.read')
    const id = await resolveUnit(store, text, visible)
    const unit = await unitStatus(store, id, { config }, visible)
    if (unit === undefined) throw unknownUnit(text)
    return unit
  },
})

export const unitWork = reading({
  name: 'unit.work',
  about: 'How many operations of a unit of work wait, run, and have ended',
  needs: 'store',
  answers: 'soon',
  input: unitInput,
  run: async (context, { unit }): Promise<SyncWork> => {
    const visible = visibleRows(context, 'status.read')
    return workOf(context.store, await resolveUnit(context.store, unit, visible), visible)
  },
})

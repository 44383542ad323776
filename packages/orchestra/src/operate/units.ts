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
import { follow, patience } from './follow.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

/** Seconds: what is between may drop a connection on which nothing comes for longer. */
const LONGEST_WAIT = 60
/** Milliseconds: of a busy store each script that ends would have everybody look who waits. */
const BETWEEN_LOOKS = 250

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
  input: unitInput.extend({
    /** Seconds until which every operation may come to an outcome; it is told as it stands then. */
    wait: z.int().min(0).max(LONGEST_WAIT).default(0),
  }),
  run: async (context, { unit: text, wait }): Promise<UnitStatus> => {
    const { store, config, signal } = context
    const visible = visibleRows(context, 'status.read')
    const readable = visibleRows(context, 'status.read', 'output.read')
    const id = await resolveUnit(store, text, visible)
    const look = async () => {
      const unit = await unitStatus(store, id, { config }, visible, readable)
      if (unit === undefined) throw unknownUnit(text)
      return { value: unit, ended: unit.state !== 'collecting' && unit.state !== 'pending' }
    }
    if (wait === 0) return (await look()).value
    return (await follow(store, look, patience(wait, signal), BETWEEN_LOOKS)).value
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

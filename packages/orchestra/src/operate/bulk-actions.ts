import type { BulkTarget } from '../requests/index.ts'
import { objectCollect } from './collect.ts'
import type { Context } from './context.ts'
import { defined } from './fields.ts'
import { objectForget } from './forget.ts'
import { perform } from './perform.ts'
import type { bulkNeeds } from './permissions.ts'
import { serverHold, serverRelease } from './server-hold.ts'
import { syncStart } from './sync.ts'
import { workCancel, workRetry } from './work.ts'

export type BulkActionName = keyof typeof bulkNeeds

/** What is said of a hold. */
interface HoldSaid {
  reason: string | null
  /** ISO 8601. */
  until: string | null
}

/** Something that can be done to many: what its verb does to one. */
export interface BulkAction {
  /**
   * What a selection is made of. What takes something away is done in the places that were selected alone; what has something tried or
   * looked at is done to their objects, which changes nothing where all is well.
   */
  of: 'object' | 'place' | 'server'
  /** It cannot be taken back, so it is asked whether it is meant. */
  asks: boolean
  act(context: Context<never>, target: BulkTarget, said: HoldSaid): Promise<unknown>
}

const opening = (context: Context<never>) => async () => context

/** Where a target is alone; nothing for wherever it is. */
const placeOf = ({ server, backend }: BulkTarget) => ({
  server: server ?? undefined,
  backend: backend ?? undefined,
})

export const bulkActions: Readonly<Record<BulkActionName, BulkAction>> = {
  retry: {
    of: 'object',
    asks: false,
    act: (context, { item: target }) =>
      perform({ verb: workRetry, given: { target }, open: opening(context) }),
  },
  cancel: {
    of: 'place',
    asks: false,
    act: (context, one) =>
      perform({ verb: workCancel, given: { target: one.item, ...placeOf(one) }, open: opening(context) }),
  },
  collect: {
    of: 'object',
    asks: false,
    act: (context, { item: object }) =>
      perform({ verb: objectCollect, given: { object }, open: opening(context) }),
  },
  forget: {
    of: 'place',
    asks: true,
    act: (context, one) =>
      perform({ verb: objectForget, given: { object: one.item, ...placeOf(one) }, open: opening(context) }),
  },
  hold: {
    of: 'server',
    asks: false,
    act: (context, { item: server }, { reason, until }) =>
      perform({
        verb: serverHold,
        given: { server, ...defined({ reason: reason ?? undefined, until: until ?? undefined }) },
        open: opening(context),
      }),
  },
  release: {
    of: 'server',
    asks: false,
    act: (context, { item: server }) =>
      perform({ verb: serverRelease, given: { server }, open: opening(context) }),
  },
  check: {
    of: 'server',
    asks: false,
    act: (context, { item: server }) =>
      perform({ verb: syncStart, given: { mode: 'check', server }, open: opening(context) }),
  },
}

import { objectCollect } from './collect.ts'
import type { Context } from './context.ts'
import { objectForget } from './forget.ts'
import { perform } from './perform.ts'
import type { bulkNeeds } from './permissions.ts'
import { serverHold, serverRelease } from './server-hold.ts'
import { syncStart } from './sync.ts'
import { workCancel, workRetry } from './work.ts'

export type BulkActionName = keyof typeof bulkNeeds

/** Something that can be done to many: what its verb does to one. */
export interface BulkAction {
  /** What a selection is made of. */
  of: 'object' | 'server'
  /** It cannot be taken back, so it is asked whether it is meant. */
  asks: boolean
  act(context: Context<never>, item: string, reason: string | null): Promise<unknown>
}

const opening = (context: Context<never>) => async () => context

export const bulkActions: Readonly<Record<BulkActionName, BulkAction>> = {
  retry: {
    of: 'object',
    asks: false,
    act: (context, target) => perform({ verb: workRetry, given: { target }, open: opening(context) }),
  },
  cancel: {
    of: 'object',
    asks: false,
    act: (context, target) => perform({ verb: workCancel, given: { target }, open: opening(context) }),
  },
  collect: {
    of: 'object',
    asks: false,
    act: (context, object) => perform({ verb: objectCollect, given: { object }, open: opening(context) }),
  },
  forget: {
    of: 'object',
    asks: true,
    act: (context, object) => perform({ verb: objectForget, given: { object }, open: opening(context) }),
  },
  hold: {
    of: 'server',
    asks: false,
    act: (context, server, reason) =>
      perform({ verb: serverHold, given: { server, reason: reason ?? undefined }, open: opening(context) }),
  },
  release: {
    of: 'server',
    asks: false,
    act: (context, server) => perform({ verb: serverRelease, given: { server }, open: opening(context) }),
  },
  check: {
    of: 'server',
    asks: false,
    act: (context, server) =>
      perform({ verb: syncStart, given: { mode: 'check', server }, open: opening(context) }),
  },
}

import { setTimeout } from 'node:timers/promises'
import { isOrchestraError } from '../errors.ts'
import { isTransient } from '../logs/index.ts'
import {
  type BulkCounts,
  type BulkOutcome,
  countItems,
  endItem,
  readBulkWork,
  unknownRequest,
  waitingItems,
} from '../requests/index.ts'
import { type BulkActionName, bulkActions } from './bulk-actions.ts'
import { assertFits } from './bulk-selection.ts'
import { failureOf } from './failure-of.ts'
import type { Carried } from './verb.ts'

/** Items that are read at once. */
const PAGE = 100
/** Milliseconds before what failed for a reason that passes is tried again. */
const PAUSES = [500, 1_000, 2_000, 4_000]
/** Nothing went wrong: it was not to be done. */
const refusals: ReadonlySet<string> = new Set(['ORC_FORBIDDEN', 'ORC_BULK_CHANGED'])

/** Does it to one after the other, in the name of whoever asked: where a worker was lost, the next goes on behind what has an outcome. */
export async function carryBulk({ request: id, asking, onError }: Carried): Promise<BulkCounts> {
  const { store, signal, tell } = await asking()
  const work = await readBulkWork(store, id)
  if (work === undefined) throw unknownRequest(id)
  const { reason, asked } = work
  const { where, q, until = null } = asked
  const name = work.action as BulkActionName
  const isSelected = where !== undefined || q !== undefined
  const { waiting: left, ...ended } = await countItems(store, id)
  const of = left + ended.done + ended.refused + ended.failed
  for (;;) {
    const items = await waitingItems(store, id, PAGE)
    if (items.length === 0) return countItems(store, id)
    for (const one of items) {
      signal.throwIfAborted()
      // Whoever may no more be asked for ends it here: what is left is not his to do.
      const context = await patiently(asking, signal)
      const doing = async () => {
        if (isSelected) await assertFits(context, name, { where, q }, one)
        return bulkActions[name].act(context, one, { reason, until })
      }
      await endItem(store, id, one.number, await outcomeOf(doing, { signal, onError }))
      tell({ kind: 'ended', items: one.number, of })
    }
  }
}

type Watching = Pick<Carried, 'onError'> & { signal: AbortSignal }

/** Whatever becomes of one, the others have their turn. */
async function outcomeOf(act: () => Promise<unknown>, { signal, onError }: Watching): Promise<BulkOutcome> {
  try {
    return { state: 'done', detail: await patiently(act, signal) }
  } catch (error) {
    if (signal.aborted) throw error
    if (!isOrchestraError(error)) onError(error)
    const failure = failureOf(error)
    return { state: refusals.has(failure.code) ? 'refused' : 'failed', detail: failure }
  }
}

async function patiently<Value>(act: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  for (const pause of PAUSES) {
    try {
      return await act()
    } catch (error) {
      if (!isTransient(error)) throw error
      await setTimeout(pause, undefined, { signal })
    }
  }
  return act()
}

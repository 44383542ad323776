import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import {
  cancel,
  type Deed,
  type Ended,
  end,
  isReached,
  lockPlaces,
  overtaken,
  type Place,
  type PlaceRow,
  placeName,
  placesNamed,
  removePlaces,
  renamed,
  rulesOf,
  type Stored,
  toRow,
  type Written,
  wakeWaiting,
  writePlaces,
} from '../places/index.ts'
import type { Queryable } from '../store/index.ts'
import { endNeedless } from './needless.ts'
import type { SettledData } from './settle-data.ts'
import type { RunningOperation, SettledOperation } from './settle-operations.ts'
import type { Settlement } from './settlement.ts'

/** The places that operations are about, locked, by name. */
export async function placesOf(
  tx: Queryable,
  running: readonly RunningOperation[],
  { backends }: Pick<Config, 'backends'>,
): Promise<Map<string, Stored>> {
  const asked = running.filter(({ action }) => action === 'save' || action === 'delete')
  const stored = await lockPlaces(tx, asked, 'lock', onlyHere(asked, backends))
  return new Map(stored.map((one) => [placeName(one.row), one]))
}

/** Where data may go from place to place, all places of an object are settled together. */
function onlyHere(running: readonly RunningOperation[], backends: Config['backends']): number | null {
  const isMoving = running.some(({ backend }) => backends.get(backend)?.onMove === 'migrate')
  return isMoving ? null : (running[0]?.server_id ?? null)
}

/** Pure: what a settlement makes of its operation and its place. */
export function settleOne(
  operation: RunningOperation,
  settlement: Settlement,
  stored: Stored | undefined,
  backend: Backend | undefined,
): SettledOperation {
  const isErrand = operation.action !== 'save' && operation.action !== 'delete'
  const isCancelled = operation.cancelled && settlement.next === 'back'
  if (isErrand || stored?.place.trying?.run !== operation.id) {
    const isOver = settlement.next === 'done' || isCancelled || !isErrand
    const state = isCancelled ? 'cancelled' : isOver ? 'done' : 'waiting'
    return { operation, settlement, place: undefined, end: state, supersededBy: null }
  }
  const { row, place: before } = stored
  const after = placeAfter(before, operation, settlement, backend)
  const place = { row, before, after }
  if (goesOn(row, operation, settlement, after))
    return {
      operation,
      settlement: { ...settlement, next: 'back', outcome: null },
      place,
      end: 'waiting',
      supersededBy: null,
    }
  if (settlement.next === 'done' || isCancelled)
    return { operation, settlement, place, end: isCancelled ? 'cancelled' : 'done', supersededBy: null }
  const told = { ...settlement, outcome: settlement.outcome ?? 'nothing' }
  if (after === null) return { operation, settlement: told, place, end: 'done', supersededBy: null }
  const current = row.operation_id
  if (current === operation.id) return { operation, settlement, place, end: 'waiting', supersededBy: null }
  if (current !== null) return { operation, settlement, place, end: 'superseded', supersededBy: current }
  // Nothing is to be done there any more, since it began.
  return { operation, settlement: told, place, end: 'done', supersededBy: null }
}

/** It made room, or what stood in its way is gone: what is wanted there is still to come. */
function goesOn(
  row: PlaceRow,
  { id }: RunningOperation,
  { outcome }: Settlement,
  after: Place | null,
): boolean {
  const { do: step } = row.trying?.step ?? { do: null }
  if (outcome !== 'success' || (step !== 'park' && step !== 'remove') || row.operation_id !== id) return false
  return (
    after !== null && after.want.kind === 'stand' && !isReached(after) && after.stopped !== after.generation
  )
}

function placeAfter(
  before: Place,
  operation: RunningOperation,
  settlement: Settlement,
  backend: Backend | undefined,
): Place | null {
  const rules = rulesOf(backend)
  const due = settlement.delay > 0 ? Date.now() + settlement.delay : Number.NEGATIVE_INFINITY
  const [tried] = end(before, operation.id, endedBy(settlement), rules, due)
  if (tried === undefined) return null
  const ended = settlement.next === 'back' ? { ...tried, attempt: before.attempt } : tried
  const isCurrent = before.trying?.generation === before.generation
  const isStopped =
    settlement.outcome === 'aborted' || settlement.outcome === 'revoked' || operation.cancelled
  const stopped =
    isCurrent && isStopped && settlement.next !== 'again' && settlement.outcome !== 'success'
      ? cancel(ended)
      : ended
  return withoutStranger(postponed(stopped, before, settlement, due), settlement.stranger ?? null)
}

function endedBy(settlement: Settlement): Ended {
  if (settlement.outcome === 'success') return { kind: 'done' }
  return { kind: isInDoubt(settlement) ? 'failed' : 'untouched' }
}

/** Whether nobody knows how far it came. */
function isInDoubt({ outcome, next, untouched }: Settlement): boolean {
  if (outcome === 'aborted') return true
  return next === 'again' ? untouched !== true : next === 'back' && untouched === false
}

/** What was refused before anything of it ran is tried again later all the same. */
function postponed(place: Place, before: Place, { next, untouched = false }: Settlement, due: number): Place {
  const isCurrent = before.trying?.generation === before.generation
  if (next !== 'again' || !untouched || !isCurrent) return place
  return { ...place, attempt: place.attempt + 1, due }
}

/** A name that proved to be somebody else's was never ours: what was tried under it made nothing. */
function withoutStranger(place: Place, stranger: string | null): Place {
  if (stranger === null) return place
  const names = place.names.filter(({ identity, state }) => identity !== stranger || state === 'stands')
  return names.length === place.names.length ? place : { ...place, names, due: Number.NEGATIVE_INFINITY }
}

/** Writes what became of the places, and wakes whoever waited for it. */
export async function writeSettled(
  tx: Queryable,
  { ends, siblings }: SettledData,
  logId: number | null,
): Promise<void> {
  const written = siblings.map((one): Written => ({ row: { ...toRow(one), due: Number.NEGATIVE_INFINITY } }))
  const gone: PlaceRow[] = []
  const freed: PlaceRow[] = []
  const moved: PlaceRow[] = []
  for (const one of ends) {
    if (one.place === undefined) continue
    const { row, before, after } = one.place
    if (after === null) gone.push(row)
    else written.push(toWritten(one, row, after))
    if (after === null || after.names.length < before.names.length) freed.push(row)
    if (after === null || one.settlement.outcome === 'success') moved.push(row)
  }
  await writePlaces(tx, written, logId)
  await removePlaces(tx, gone)
  await endNeedless(tx, ends.flatMap(askedMeanwhile))
  await takeOver(tx, ends)
  await wakeWaiting(tx, { objects: moved, names: freed })
}

/** What was asked for again while the run took away what there was. */
function askedMeanwhile({ operation, place }: SettledOperation): number[] {
  const later = place?.row.operation_id ?? null
  return place?.after !== null || later === null || later === operation.id ? [] : [later]
}

function toWritten({ operation, settlement }: SettledOperation, row: PlaceRow, after: Place): Written {
  const step = row.trying?.step
  const isMade = settlement.outcome === 'success' && (step?.do === 'make' || step?.do === 'rename')
  const changed = toRow({
    row: isMade ? { ...row, identity: step.identity } : renamed(row, after),
    place: after,
  })
  const isWaiting = row.operation_id !== operation.id || settlement.next !== 'done'
  return {
    row: {
      ...changed,
      alone: settlement.next === 'again' ? settlement.alone : row.alone && settlement.next === 'back',
      operation_id: isWaiting ? row.operation_id : null,
    },
    ...(isMade
      ? {
          made: {
            operationId: operation.id,
            identity: step.identity,
            revision: settlement.revision,
            rendered: settlement.rendered,
          },
        }
      : {}),
  }
}

/** What another object had left under a name that is taken now. */
async function takeOver(tx: Queryable, ends: readonly SettledOperation[]): Promise<void> {
  for (const { operation, settlement, place } of ends) {
    const step: Deed | undefined = place?.row.trying?.step
    if (settlement.outcome !== 'success' || (step?.do !== 'make' && step?.do !== 'rename')) continue
    if (step.over === null) continue
    const lane = { backend: operation.backend, serverId: operation.server_id }
    for (const rival of await placesNamed(tx, lane, [step.identity])) {
      if (placeName(rival.row) === placeName(operation)) continue
      const [left] = overtaken(rival.place, step.identity)
      if (left === undefined) await removePlaces(tx, [rival.row])
      else if (left !== rival.place)
        await writePlaces(tx, [{ row: toRow({ row: renamed(rival.row, left), place: left }) }])
    }
  }
}

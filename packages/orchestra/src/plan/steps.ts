import { type Decision, type DecisionKind, fromSnapshot } from '../collector/index.ts'
import {
  FUTURE,
  isPlaced,
  outcomesOf,
  type PlacedDecision,
  toObject,
  withBegun,
} from '../collector/outcomes.ts'
import type { Config } from '../config/config.ts'
import { type Answer, answersFor, toOperation } from '../manager/index.ts'
import {
  type Deed,
  familyName,
  held,
  lockPlaces,
  type PlaceRow,
  placeName,
  type Stored,
  sayWait,
  snapshotsOf,
} from '../places/index.ts'
import type { ScriptedOperation } from '../recording/scripts.ts'
import type { Queryable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import type { PlannedDifference } from './difference.ts'

/** An operation that a plan may hold, decided just now or waiting in the store. */
export interface Plannable extends ScriptedOperation {
  kind: DecisionKind
  serverId: number
  previousIdentity: string | null
  revision: string | null
  differences: PlannedDifference[] | null
  /** Whether a script does it, or only Orchestra's own record changes. */
  does: 'run' | 'keep' | 'forget'
  waitsFor: string | null
  obstacle: string | null
}

/** The same before anybody asked what comes next in its place. */
export interface Entry extends Plannable {
  /** As it is once that is wanted; undefined for what is done beside the places, and where nothing is left of one. */
  stored: Stored | undefined
}

export interface StepsContext {
  config: Pick<Config, 'backends'>
  keyring: Keyring
  /** Names of servers by id. */
  servers: ReadonlyMap<number, string>
}

/** The places that decisions are about, as they will be. Reads, and locks nothing. */
export async function intendedPlaces(
  db: Queryable,
  decisions: readonly Decision[],
  { backends }: Pick<Config, 'backends'>,
): Promise<Map<Decision, Stored>> {
  const placed = decisions.filter(isPlaced)
  const stored = await lockPlaces(db, placed.map(toObject), 'read')
  const known = Map.groupBy(stored, ({ row }) => familyName(row))
  const byObject = Map.groupBy(placed, (one) => familyName(toObject(one)))
  return new Map(
    [...byObject].flatMap(([object, own]) => [...intendedOf(known.get(object) ?? [], own, backends)]),
  )
}

function intendedOf(
  stored: readonly Stored[],
  decisions: readonly PlacedDecision[],
  backends: Config['backends'],
): Map<Decision, Stored> {
  const [first] = decisions
  const outcomes = outcomesOf(
    withBegun(stored, decisions),
    decisions,
    backends.get(first?.backend ?? ''),
    FUTURE,
  )
  return new Map(
    outcomes.flatMap(({ row, place, decision }) =>
      decision === null || place === undefined ? [] : [[decision, { row, place }] as const],
    ),
  )
}

/** Asks what comes next in each place, of all that is planned as if it were wanted already. */
export async function stepsOf(
  db: Queryable,
  entries: readonly Entry[],
  { config, keyring, servers }: StepsContext,
): Promise<Plannable[]> {
  const asked = entries.flatMap(({ stored, does }) =>
    does === 'run' && stored !== undefined ? [stored] : [],
  )
  const open = (row: PlaceRow, snapshot: unknown) =>
    fromSnapshot(snapshot, keyring.for(row.model, row.object_key))
  const answers = await answersFor(db, asked, { config, open, now: Date.now() })
  const byPlace = new Map(answers.map((answer, index) => [asked[index], answer]))
  const placed = await standingOf(db, answers)
  return entries.map(({ stored, ...entry }) => {
    const answer = stored === undefined ? undefined : byPlace.get(stored)
    return answer === undefined ? entry : planned(entry, answer, placed, servers)
  })
}

function planned(
  entry: Plannable,
  { stored, next, chain }: Answer,
  placed: ReadonlyMap<string, unknown>,
  servers: ReadonlyMap<number, string>,
): Plannable {
  const { row, place } = stored
  const nameOf = (server: string) => servers.get(Number(server)) ?? `server ${Number(server)}`
  const base = { ...entry, previousIdentity: formerName(stored) }
  switch (next.do) {
    case 'make':
    case 'rename':
    case 'remove': {
      const { id, snapshot } = entry
      const operation = { id, unit_id: '', snapshot, attempt: 0, placed: placed.get(placeName(row)) }
      return { ...base, ...toOperation({ row, step: next, operation }) }
    }
    case 'wait':
      return { ...base, waitsFor: entry.waitsFor ?? sayWait(next.for, nameOf, chain).text }
    case 'nothing':
      return place.want.kind === 'leave' ? { ...base, does: 'forget' } : base
    default:
      return base
  }
}

/** What it is called there now, where that is something else. */
function formerName({ row, place }: Stored): string | null {
  if (place.want.kind === 'leave' || row.identity === place.want.identity) return null
  return held(place).some(({ identity }) => identity === row.identity) ? row.identity : null
}

/** What stands where something is renamed or removed, as it was placed. */
async function standingOf(db: Queryable, answers: readonly Answer[]): Promise<Map<string, unknown>> {
  const needs: readonly (Deed['do'] | 'nothing' | 'ask' | 'wait')[] = ['rename', 'remove']
  const asked = answers.filter(({ next, stored }) => needs.includes(next.do) || stored.row.unmarked)
  return snapshotsOf(
    db,
    asked.map(({ stored }) => stored.row),
  )
}

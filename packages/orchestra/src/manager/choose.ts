import type { Config } from '../config/config.ts'
import {
  begin,
  type Deed,
  type Departure,
  destination,
  keptText,
  type Next,
  next,
  type PlaceRow,
  type Question,
  questionText,
  type Rules,
  rulesOf,
  type Stored,
  tidy,
  toRow,
  type Wait,
  type Written,
} from '../places/index.ts'
import { type Candidates, membersOf, nameOf } from './candidates.ts'
import type { Neighbours } from './neighbours.ts'

/**
 * Milliseconds until what waits looks again, should nobody wake it: as many as it has waited, from the first to one of the others. Two that
 * are written down at one moment may miss each other.
 */
const WAIT_AT_FIRST = 1_000
export const WAIT_FOR_OTHERS = 60_000
const WAIT_FOR_PERSON = 600_000

/** A step that a run is to make in one place, with the operation that tells of it. */
export interface Begun {
  row: PlaceRow
  step: Deed
}

/** Names of a place of which only its server knows whether they are its own. */
export interface Look {
  row: PlaceRow
  names: readonly string[]
}

/** Only a person can find a place for it. */
export interface Kept {
  operation: number | null
  reason: string
}

/** What was decided about the places that were due. */
export interface Choice {
  begun: Begun[]
  /** Asked first: while there are any, nothing is begun. */
  looks: Look[]
  written: Map<PlaceRow, Written>
  gone: PlaceRow[]
  /** What waits at copies that stay where they are. */
  kept: Kept[]
  /** Data that has to go before its copy can. */
  departures: Departure[]
}

/** One after the other, each in the light of what was begun before. Pure. */
export function choose(candidates: Candidates, config: Config, now: number): Choice {
  const choice: Choice = { begun: [], looks: [], written: new Map(), gone: [], kept: [], departures: [] }
  for (const one of candidates.due) chooseOne(choice, candidates, candidates.neighbours.get(one), config, now)
  return choice
}

function chooseOne(
  choice: Choice,
  candidates: Candidates,
  stored: Stored,
  config: Config,
  now: number,
): void {
  if (stored.place.trying !== null) return
  const backend = config.backends.get(stored.row.backend)
  const around = candidates.neighbours.around(stored)
  const answer = next(stored.place, around, rulesOf(backend), now)
  if (isWait(answer)) rest(choice, stored, answer, now)
  else if (answer.do === 'look') choice.looks.push({ row: stored.row, names: answer.names })
  else if (!stored.row.alone || !isTurnOfOthers(choice, stored, backend?.sync !== undefined))
    beginTogether(choice, candidates, stored, answer, rulesOf(backend), now)
}

/** With the others of its circle, where it is in one. */
function beginTogether(
  choice: Choice,
  { neighbours, busy }: Candidates,
  stored: Stored,
  answer: Deed,
  rules: Rules,
  now: number,
): void {
  const members = membersOf(stored, answer, neighbours)
  if (members.some((member) => busy.has(nameOf(member)))) return
  // Time and place in the order are those of whoever is due; the others of a circle come along.
  const steps = members.map((member) =>
    member === stored ? answer : next({ ...member.place, due: 0 }, neighbours.around(member), rules, now),
  )
  const missing = members.find(
    ({ row }, at) => row.operation_id === null || row.held || !isWork(steps[at] ?? answer),
  )
  if (missing !== undefined) {
    if (members.length > 1) waitForMember(choice, stored, missing, now)
    return
  }
  for (const [at, member] of members.entries()) beginOne(choice, neighbours, member, steps[at] ?? answer)
}

function beginOne(choice: Choice, neighbours: Neighbours, { row, place }: Stored, step: Next): void {
  if (!isWork(step) || row.operation_id === null) return
  const after = begin(place, step, row.operation_id)
  const changed = { ...toRow({ row, place: after }), waited: null }
  choice.written.set(row, { row: changed })
  choice.begun.push({ row: changed, step })
  neighbours.put({ row: changed, place: after })
}

/** Of what is tried alone one at a time, so that new work waits for no more than that; what is written as a whole, with nothing else. */
function isTurnOfOthers({ begun }: Choice, { row }: Stored, isWhole: boolean): boolean {
  return begun.some((one) => one.row.alone || (isWhole && one.row.backend === row.backend))
}

/** A circle turns whole or not at all. */
function waitForMember(choice: Choice, { row, place }: Stored, missing: Stored, now: number): void {
  const identity = place.want.kind === 'stand' ? place.want.identity : row.identity
  const wait: Wait = { kind: 'name', identity, object: missing.place.object }
  putToWait(choice, { row, place }, wait, now)
}

function rest(choice: Choice, { row, place }: Stored, answer: Exclude<Next, Deed>, now: number): void {
  if (answer.do === 'nothing') {
    if (tidy(place).length === 0) choice.gone.push(row)
    return
  }
  if (answer.do === 'ask') return
  if (isForKeeping(answer.for)) {
    keep(choice, { row, place }, answer.for.why)
    return
  }
  const to = destination(place, answer)
  if (to !== null) choice.departures.push({ row, to })
  putToWait(choice, { row, place }, answer.for, now)
}

/** Data that has nowhere to go, or would meet other data there. */
function isForKeeping(wait: Wait): wait is Extract<Wait, { kind: 'person' }> {
  return wait.kind === 'person' && (wait.why === 'copies with data' || wait.why === 'nowhere to go')
}

function keep(choice: Choice, { row, place }: Stored, why: Question): void {
  const [after = place] = tidy({ ...place, want: { kind: 'leave', policy: 'keep' } })
  choice.written.set(row, { row: { ...toRow({ row, place: after }), operation_id: null, waited: null } })
  choice.kept.push({ operation: row.operation_id, reason: keptText(questionText(why)) })
}

function putToWait(choice: Choice, { row, place }: Stored, wait: Wait, now: number): void {
  const due = dueOf(wait, { due: place.due, waited: row.waited ?? now, now })
  choice.written.set(row, { row: toRow({ row, place: { ...place, due } }), wait })
}

function dueOf(wait: Wait, { due, waited, now }: { due: number; waited: number; now: number }): number {
  if (wait.kind === 'time') return due
  const most = wait.kind === 'person' ? WAIT_FOR_PERSON : WAIT_FOR_OTHERS
  return now + Math.min(most, Math.max(WAIT_AT_FIRST, now - waited))
}

function isWait(answer: Next): answer is Exclude<Next, Deed> {
  return answer.do === 'nothing' || answer.do === 'ask' || answer.do === 'wait'
}

function isWork(answer: Next): answer is Exclude<Deed, { do: 'look' }> {
  return !isWait(answer) && answer.do !== 'look'
}

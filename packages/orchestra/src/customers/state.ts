import type { CustomerState } from '../config/wording.ts'
import type { WaitingObject } from '../source/index.ts'

/** What is known of one object, wherever it is. */
export interface Facts {
  /** A committed change that nobody has looked at yet. */
  saved: WaitingObject | null
  /** Places where it is to stand, those where it does, and those where it was tried in vain or is kept waiting. */
  wanted: number
  applied: number
  late: number
  /** Places from which it goes away. */
  leaving: number
  /** When it was applied last. */
  appliedAt: Date | null
  /** Since when something of it is under way. */
  since: Date | null
  /** Whether nobody could decide where it is to be. */
  undecided: boolean
  /** Whether that is for what its fields hold. */
  isInvalid: boolean
}

export interface Stand {
  state: CustomerState
  since: Date | null
}

/** Milliseconds after which whoever waits is told that it takes long. */
const LONG = 600_000

/** What a customer is told of an object; null where there is nothing to tell. */
export function standOf(facts: Facts, now: Date): Stand | null {
  const { saved, wanted, applied, late, leaving, since } = facts
  if (saved !== null) return { state: savedState(facts, now), since: saved.at }
  if (facts.undecided) return { state: facts.isInvalid ? 'needs-you' : 'delayed', since }
  if (wanted === 0) return leaving > 0 ? { state: 'removing', since } : null
  if (applied === wanted) return { state: 'done', since: facts.appliedAt }
  return { state: late > 0 || isLong(since, now) ? 'delayed' : 'setting-up', since }
}

function savedState({ saved }: Facts, now: Date): CustomerState {
  if (saved?.removes === true) return 'removing'
  return saved?.failing === true || isLong(saved?.at ?? null, now) ? 'delayed' : 'saved'
}

function isLong(since: Date | null, now: Date): boolean {
  return since !== null && now.getTime() - since.getTime() > LONG
}

import type { Symptom } from './symptom.ts'

/** What happened to an incident. */
export type StepKind =
  | 'opened'
  /** It is about twice as many objects as when it was told of last. */
  | 'escalated'
  /** It lasts longer than it did before. */
  | 'lasting'
  | 'recovered'
  /** It is there again. */
  | 'regressed'
  | 'muted'
  /** Somebody deals with it. */
  | 'acknowledged'
  /** Somebody had its objects tried again. */
  | 'retried'
  | 'resolved'
  /** It is a part of another one from now on, or no more. */
  | 'merged'
  | 'split'

/** An incident as it was known. */
export interface Known {
  id: number
  key: string
  serverId: number | null
  backend: string | null
  state: 'open' | 'recovered' | 'resolved'
  /** Objects when it was told of last. */
  told: number
  openedAt: Date
  /** When it was first seen no more; null while it is there. */
  absentAt: Date | null
  endedAt: Date | null
  /** Seconds of all times that it recovered, and how many these are. */
  lasted: number
  recoveries: number
  isLasting: boolean
}

export type Decision =
  | { do: 'open'; symptom: Symptom }
  | { do: 'reopen'; id: number; symptom: Symptom }
  | { do: 'see'; id: number; symptom: Symptom; steps: ('escalated' | 'lasting')[] }
  /** It is not there; perhaps only for a moment. */
  | { do: 'miss'; id: number }
  | { do: 'recover'; id: number; seconds: number }

/** Seconds that something has to be gone: what is tried again may be between two tries. */
const GRACE = 20
/** Fewer objects are told of once. */
const FEW = 5
/** Seconds that something may last of which nobody knows how long it does ... */
const USUAL = 3_600
/** ... and at least, however short it was before. */
const LEAST = 900

/** What is to be noted of all that is wrong, and of all that was. */
export function decide(
  known: readonly Known[],
  { symptoms, blocked }: { symptoms: readonly Symptom[]; blocked: ReadonlySet<number> },
  now: Date,
): Decision[] {
  const byKey = new Map(known.map((one) => [one.key, one]))
  const there = new Set(symptoms.map(({ key }) => key))
  const isUnknown = ({ serverId, backend }: Known) =>
    serverId !== null && backend !== null && blocked.has(serverId)
  return [
    ...symptoms.flatMap((symptom) => seen(byKey.get(symptom.key), symptom, now)),
    ...known
      .filter((one) => one.state === 'open' && !there.has(one.key) && !isUnknown(one))
      .map((one) => missed(one, now)),
  ]
}

function seen(known: Known | undefined, symptom: Symptom, now: Date): Decision[] {
  if (known === undefined) return [{ do: 'open', symptom }]
  if (known.state === 'open')
    return [{ do: 'see', id: known.id, symptom, steps: stepsOf(known, symptom, now) }]
  // Who resolved it while it was there knows of that: it has to be tried once more.
  const isSame = known.state === 'resolved' && known.endedAt !== null && symptom.at <= known.endedAt
  return isSame ? [] : [{ do: 'reopen', id: known.id, symptom }]
}

function stepsOf(known: Known, { objects }: Symptom, now: Date): ('escalated' | 'lasting')[] {
  const isEscalating = objects >= FEW && objects >= 2 * known.told
  const isLasting = !known.isLasting && secondsBetween(known.openedAt, now) > longest(known)
  return [...(isEscalating ? (['escalated'] as const) : []), ...(isLasting ? (['lasting'] as const) : [])]
}

/** Twice as long as it lasted on average. */
function longest({ lasted, recoveries }: Known): number {
  return recoveries === 0 ? USUAL : Math.max(LEAST, (2 * lasted) / recoveries)
}

function missed(known: Known, now: Date): Decision {
  const { id, absentAt } = known
  if (absentAt === null || secondsBetween(absentAt, now) < GRACE) return { do: 'miss', id }
  return { do: 'recover', id, seconds: secondsBetween(known.openedAt, absentAt) }
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1_000
}
